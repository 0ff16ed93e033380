-- The times during which a pattern was a problem: from its first occurrence, or from being opened again, to being
-- resolved. What is between a resolution and the next opening is no episode. That a pattern is ignored ends none.
--
-- pattern_id          text       the pattern that merged ids count under
-- episode             bigint     1 for the first
-- opened_at           timestamp  UTC; first_seen of pattern_report for the first, else when it was opened again
-- resolved_at         timestamp  UTC; null while it lasts
-- seconds_to_resolve  double     from the one to the other; null while it lasts
-- reopened            boolean    false for the first
-- opened_by           text       actor; 'errata' where the pattern occurred again; null for the first
-- resolved_by         text       actor
-- reason              text       of the resolution
WITH seen AS (
  SELECT pattern_of(pattern_id, fingerprint) AS pattern_id, min(time_unix_nano) AS time_unix_nano
  FROM errors
  GROUP BY 1
  UNION ALL
  SELECT pattern_id, time_unix_nano
  FROM patterns
  WHERE fact = 'pattern'
),
steps AS (
  SELECT
    pattern_id,
    min(time_unix_nano) AS time_unix_nano,
    0 AS decided,
    '' AS event_id,
    'open' AS status,
    CAST(NULL AS VARCHAR) AS actor,
    CAST(NULL AS VARCHAR) AS reason
  FROM seen
  GROUP BY pattern_id
  UNION ALL
  SELECT pattern_id, time_unix_nano, 1 AS decided, event_id, to_value AS status, actor, reason
  FROM pattern_history
  WHERE action = 'status' AND to_value IN ('open', 'resolved')
),
-- Only what changes: to resolve what is resolved begins and ends nothing.
turns AS (
  SELECT *
  FROM (
    SELECT
      *, lag(status) OVER (PARTITION BY pattern_id ORDER BY decided, time_unix_nano, event_id) AS before
    FROM steps
  )
  WHERE before IS NULL OR before <> status
),
spans AS (
  SELECT
    *,
    lead(time_unix_nano) OVER (PARTITION BY pattern_id ORDER BY decided, time_unix_nano, event_id) AS until,
    lead(actor) OVER (PARTITION BY pattern_id ORDER BY decided, time_unix_nano, event_id) AS until_actor,
    lead(reason) OVER (PARTITION BY pattern_id ORDER BY decided, time_unix_nano, event_id) AS until_reason
  FROM turns
)
SELECT
  pattern_id,
  CAST(row_number() OVER (PARTITION BY pattern_id ORDER BY decided, time_unix_nano, event_id) AS BIGINT) AS episode,
  arrow_cast(time_unix_nano / 1000, 'Timestamp(Microsecond, Some("UTC"))') AS opened_at,
  arrow_cast(until / 1000, 'Timestamp(Microsecond, Some("UTC"))') AS resolved_at,
  CASE WHEN until IS NOT NULL THEN greatest(until - time_unix_nano, 0) / 1e9 END AS seconds_to_resolve,
  decided = 1 AS reopened,
  actor AS opened_by,
  until_actor AS resolved_by,
  until_reason AS reason
FROM spans
WHERE status = 'open'
