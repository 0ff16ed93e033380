-- One row per pattern that has occurred: what a person triages.
--
-- pattern_id        text       the pattern that merged ids count under
-- error_type        text       of the exception that made the pattern, else of the last occurrence
-- canonical_msg     text       its message with the variable parts replaced, else the last message
-- first_seen        timestamp  UTC; when the pattern was made, even where retention dropped that occurrence
-- last_seen         timestamp  UTC
-- occurrences       bigint     exceptions in the lake
-- distinct_users    bigint     users with at least one of them
-- sample_trace      text       trace id of the last occurrence that has one
-- suggested_fix_id  text       null until there are solutions
-- severity          int        1 to 5: what a person set, else the highest seen
-- status            text       what a person set last, else 'open'
-- stage             text       'active' once it occurred {candidate_occurrences} times within {candidate_window}, whichever
--                              processors counted them; 'candidate' before; 'expired' where it did not and the window
--                              since its last occurrence is over. Counted from the exceptions in the lake
-- assignee          text       who looks after it, if anybody
-- labels            list       text, sorted; null where there are none
WITH seen AS (
  SELECT
    coalesce(pattern_aliases.pattern_id, pattern_splits.pattern_id, errors.pattern_id) AS pattern_id,
    min(errors.timestamp) AS first_seen,
    max(errors.timestamp) AS last_seen,
    count(*) AS occurrences,
    count(DISTINCT errors.user_id) AS distinct_users,
    last_value(errors.trace_id ORDER BY errors.time_unix_nano)
      FILTER (WHERE errors.trace_id IS NOT NULL) AS sample_trace,
    last_value(errors.error_type ORDER BY errors.time_unix_nano) AS error_type,
    last_value(errors.message ORDER BY errors.time_unix_nano) AS message,
    max(errors.severity) AS severity
  FROM errors
  LEFT JOIN pattern_splits ON pattern_splits.fingerprint = errors.fingerprint
  LEFT JOIN pattern_aliases
    ON pattern_aliases.alias = coalesce(pattern_splits.pattern_id, errors.pattern_id)
  GROUP BY 1
),
made AS (
  SELECT
    pattern_id,
    min(timestamp) AS first_seen,
    first_value(error_type ORDER BY time_unix_nano, writer) AS error_type,
    first_value(canonical_msg ORDER BY time_unix_nano, writer) AS canonical_msg
  FROM patterns
  WHERE fact = 'pattern'
  GROUP BY pattern_id
),
-- Time from each occurrence back to the one with which it makes enough.
paced AS (
  SELECT
    pattern_id,
    time_unix_nano
      - lag(time_unix_nano, {occurrences_before}) OVER (PARTITION BY pattern_id ORDER BY time_unix_nano) AS spread
  FROM (
    SELECT coalesce(pattern_aliases.pattern_id, pattern_splits.pattern_id, errors.pattern_id) AS pattern_id, errors.time_unix_nano
    FROM errors
    LEFT JOIN pattern_splits ON pattern_splits.fingerprint = errors.fingerprint
    LEFT JOIN pattern_aliases
      ON pattern_aliases.alias = coalesce(pattern_splits.pattern_id, errors.pattern_id)
  )
),
survivors AS (
  SELECT pattern_id, count(*) AS times
  FROM paced
  WHERE spread <= {window_nanos}
  GROUP BY pattern_id
),
decided AS (
  SELECT
    pattern_id,
    last_value(to_value ORDER BY time_unix_nano, event_id) FILTER (WHERE action = 'status') AS status,
    last_value(to_value ORDER BY time_unix_nano, event_id) FILTER (WHERE action = 'severity') AS severity,
    last_value(to_value ORDER BY time_unix_nano, event_id) FILTER (WHERE action = 'assign') AS assignee
  FROM pattern_history
  WHERE action IN ('status', 'severity', 'assign')
  GROUP BY pattern_id
),
labelled AS (
  SELECT pattern_id, array_agg(label ORDER BY label) AS labels
  FROM (
    SELECT pattern_id, coalesce(to_value, from_value) AS label
    FROM pattern_history
    WHERE action = 'label'
    GROUP BY 1, 2
    HAVING last_value(to_value ORDER BY time_unix_nano, event_id) IS NOT NULL
  )
  GROUP BY pattern_id
)
SELECT
  seen.pattern_id,
  coalesce(made.error_type, seen.error_type) AS error_type,
  coalesce(made.canonical_msg, seen.message) AS canonical_msg,
  least(made.first_seen, seen.first_seen) AS first_seen,
  seen.last_seen,
  seen.occurrences,
  seen.distinct_users,
  seen.sample_trace,
  CAST(NULL AS VARCHAR) AS suggested_fix_id,
  coalesce(TRY_CAST(decided.severity AS INT), seen.severity) AS severity,
  coalesce(decided.status, 'open') AS status,
  CASE
    WHEN survivors.times > 0 THEN 'active'
    WHEN seen.last_seen < now() - INTERVAL '{window_seconds} seconds' THEN 'expired'
    ELSE 'candidate'
  END AS stage,
  decided.assignee,
  labelled.labels
FROM seen
LEFT JOIN survivors ON survivors.pattern_id = seen.pattern_id
LEFT JOIN made ON made.pattern_id = seen.pattern_id
LEFT JOIN decided ON decided.pattern_id = seen.pattern_id
LEFT JOIN labelled ON labelled.pattern_id = seen.pattern_id
