-- The first exception of each session, and how many came after it: one cause often echoes, and what echoes is not what to
-- mend.
--
-- session_id   text
-- event_id     text       of the first exception
-- timestamp    timestamp  UTC, of it
-- pattern_id   text       its pattern; merged ids count under the winner
-- error_type   text
-- errors       bigint     exceptions of the session
-- echoes       bigint     those after the first
SELECT
  session_id,
  first_value(event_id ORDER BY time_unix_nano, event_id) AS event_id,
  min(timestamp) AS timestamp,
  first_value(pattern_of(pattern_id, fingerprint) ORDER BY time_unix_nano, event_id) AS pattern_id,
  first_value(error_type ORDER BY time_unix_nano, event_id) AS error_type,
  count(*) AS errors,
  count(*) - 1 AS echoes
FROM errors
WHERE session_id IS NOT NULL
GROUP BY session_id
