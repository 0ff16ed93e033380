-- Occurrences of each pattern per hour; hours without any have no row.
--
-- hour            timestamp  start of the hour, UTC
-- pattern_id      text       the pattern that merged ids count under
-- error_type      text       of the hour's first occurrence
-- occurrences     bigint     exceptions in the hour
-- distinct_users  bigint     users with at least one of them; exact up to 511, then within some percent
-- severity        int        1 to 5, the highest of the hour
SELECT
  date_trunc('hour', timestamp) AS hour,
  pattern_of(pattern_id, fingerprint) AS pattern_id,
  first_value(error_type ORDER BY time_unix_nano) AS error_type,
  count(*) AS occurrences,
  distinct_estimate(user_id) AS distinct_users,
  max(severity) AS severity
FROM errors
GROUP BY 1, 2
