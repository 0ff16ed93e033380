-- Occurrences of each pattern per hour; hours without any have no row.
--
-- hour            timestamp  start of the hour, UTC
-- pattern_id      text       the pattern that merged ids count under
-- error_type      text       of the hour's first occurrence
-- occurrences     bigint     exceptions in the hour
-- distinct_users  bigint     users with at least one of them
-- severity        int        1 to 5, the highest of the hour
SELECT
  date_trunc('hour', errors.timestamp) AS hour,
  coalesce(pattern_aliases.pattern_id, pattern_splits.pattern_id, errors.pattern_id) AS pattern_id,
  first_value(errors.error_type ORDER BY errors.time_unix_nano) AS error_type,
  count(*) AS occurrences,
  count(DISTINCT errors.user_id) AS distinct_users,
  max(errors.severity) AS severity
FROM errors
LEFT JOIN pattern_splits ON pattern_splits.fingerprint = errors.fingerprint
LEFT JOIN pattern_aliases
  ON pattern_aliases.alias = coalesce(pattern_splits.pattern_id, errors.pattern_id)
GROUP BY 1, 2
