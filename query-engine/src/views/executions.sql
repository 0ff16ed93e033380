-- One row per execution, from its spans and its exceptions.
--
-- execution_id      text       'exec.id', else the trace id
-- session_id        text
-- user_id           text
-- service_name      text
-- host_name         text
-- runtime           text       'process.runtime.name' of the resource, else the language of the exceptions
-- image             text       'container.image.name' of the resource
-- started_at        timestamp  UTC; start of the first span, or the first exception
-- ended_at          timestamp  UTC; end of the last span, or the last exception
-- spans             bigint
-- errors            bigint     exceptions
-- failed            boolean    it had an exception
-- first_error_type  text       of the first exception
-- first_pattern_id  text       its pattern; merged ids count under the winner
-- severity          int        1 to 5, the highest; null without exceptions
WITH seen AS (
  SELECT
    execution_id, session_id, user_id, service_name, host_name,
    resource_attributes['process.runtime.name'] AS runtime,
    CAST(NULL AS VARCHAR) AS language,
    resource_attributes['container.image.name'] AS image,
    CAST(NULL AS VARCHAR) AS error_type,
    CAST(NULL AS VARCHAR) AS pattern_id,
    CAST(NULL AS INT) AS severity,
    time_unix_nano AS start_nano,
    time_unix_nano + duration_ns AS end_nano,
    1 AS span,
    0 AS error
  FROM spans
  WHERE execution_id IS NOT NULL
  UNION ALL
  SELECT
    execution_id, session_id, user_id, service_name, host_name,
    CAST(NULL AS VARCHAR) AS runtime, language, CAST(NULL AS VARCHAR) AS image,
    error_type, pattern_of(pattern_id, fingerprint) AS pattern_id, severity,
    time_unix_nano AS start_nano, time_unix_nano AS end_nano, 0 AS span, 1 AS error
  FROM errors
  WHERE execution_id IS NOT NULL
)
SELECT
  execution_id,
  max(session_id) AS session_id,
  max(user_id) AS user_id,
  max(service_name) AS service_name,
  max(host_name) AS host_name,
  coalesce(max(runtime), max(language)) AS runtime,
  max(image) AS image,
  arrow_cast(min(start_nano) / 1000, 'Timestamp(Microsecond, Some("UTC"))') AS started_at,
  arrow_cast(max(end_nano) / 1000, 'Timestamp(Microsecond, Some("UTC"))') AS ended_at,
  sum(span) AS spans,
  sum(error) AS errors,
  sum(error) > 0 AS failed,
  first_value(error_type ORDER BY start_nano) FILTER (WHERE error = 1) AS first_error_type,
  first_value(pattern_id ORDER BY start_nano) FILTER (WHERE error = 1) AS first_pattern_id,
  max(severity) AS severity
FROM seen
GROUP BY execution_id
