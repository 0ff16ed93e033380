-- One row per pattern that has occurred: what a person triages.
--
-- pattern_id        text       the pattern that merged ids count under
-- error_type        text       of the exception that made the pattern, else of the last occurrence
-- canonical_msg     text       its message with the variable parts replaced, else the last message
-- first_seen        timestamp  UTC; when the pattern was made, even where retention dropped that occurrence
-- last_seen         timestamp  UTC
-- occurrences       bigint     exceptions in the lake
-- distinct_users    bigint     users with at least one of them; exact up to 511, then within some percent
-- sample_trace      text       trace id of the last occurrence that has one
-- suggested_fix_id  text       null until there are solutions
-- severity          int        1 to 5: what a person set, else the highest seen
-- status            text       what a person set last, else 'open'
-- stage             text       'active' once it occurred {candidate_occurrences} times within {candidate_window}, whichever
--                              processors counted them; 'candidate' before; 'expired' where it did not and the window
--                              since its last occurrence is over. Counted from the exceptions in the lake
-- assignee          text       who looks after it, if anybody
-- labels            list       text, sorted; null where there are none
-- distinct_sessions bigint     sessions with at least one of them; exact up to 511, then within some percent
-- recent            double     occurrences, each worth half as much every 7 days
-- trend             double     occurrences a day by a half-life of 1 day over those by one of 7 days: 1 is steady, 7 is new
-- score             double     what to look at first; formula in docs/metrics.md
-- priority          text       'High' (severity 4 and 5), 'Med' (3) or 'Low'
WITH seen AS (
  SELECT
    pattern_of(pattern_id, fingerprint) AS pattern_id,
    min(timestamp) AS first_seen,
    max(timestamp) AS last_seen,
    count(*) AS occurrences,
    distinct_estimate(user_id) AS distinct_users,
    distinct_estimate(session_id) AS distinct_sessions,
    last_value(trace_id ORDER BY time_unix_nano) FILTER (WHERE trace_id IS NOT NULL) AS sample_trace,
    last_value(error_type ORDER BY time_unix_nano) AS error_type,
    last_value(message ORDER BY time_unix_nano) AS message,
    max(severity) AS severity,
    occurs_within(time_unix_nano, {candidate_occurrences}, {window_nanos}) AS survived,
    -- Weights that double every 7 days (every day) from a fixed time on: unlike an age they stay what they are.
    sum(exp(ln(2.0) * least((time_unix_nano - {weights_from}) / 604800e9, 900.0))) AS weight_7_days,
    sum(exp(ln(2.0) * least((time_unix_nano - {weights_from}) / 86400e9, 900.0))) AS weight_1_day
  FROM errors
  GROUP BY 1
),
weighed AS (
  SELECT
    *,
    least(weight_7_days / power(2.0, (CAST(now() AS BIGINT) - {weights_from}) / 604800e9), occurrences) AS recent,
    least(weight_1_day / power(2.0, (CAST(now() AS BIGINT) - {weights_from}) / 86400e9), occurrences) AS recent_1_day
  FROM seen
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
    WHEN seen.survived THEN 'active'
    WHEN seen.last_seen < now() - INTERVAL '{window_seconds} seconds' THEN 'expired'
    ELSE 'candidate'
  END AS stage,
  decided.assignee,
  labelled.labels,
  seen.distinct_sessions,
  seen.recent,
  7.0 * seen.recent_1_day / nullif(seen.recent, 0) AS trend,
  coalesce(TRY_CAST(decided.severity AS INT), seen.severity)
    * least(2.0, greatest(0.5, sqrt(coalesce(7.0 * seen.recent_1_day / nullif(seen.recent, 0), 0))))
    * (
      log2(1 + seen.recent)
      + log2(1 + seen.distinct_users * seen.recent / seen.occurrences)
      + log2(1 + seen.distinct_sessions * seen.recent / seen.occurrences) / 2
    ) AS score,
  CASE
    WHEN coalesce(TRY_CAST(decided.severity AS INT), seen.severity) >= 4 THEN 'High'
    WHEN coalesce(TRY_CAST(decided.severity AS INT), seen.severity) = 3 THEN 'Med'
    ELSE 'Low'
  END AS priority
FROM weighed AS seen
LEFT JOIN made ON made.pattern_id = seen.pattern_id
LEFT JOIN decided ON decided.pattern_id = seen.pattern_id
LEFT JOIN labelled ON labelled.pattern_id = seen.pattern_id
