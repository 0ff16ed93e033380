-- Executions and failed ones per hour, service and user: what failure rates of long ranges are made of. An execution counts
-- in each hour in which it has a span, a failed one in each with an exception.
--
-- hour               timestamp  start of the hour, UTC
-- service_name       text
-- user_id            text
-- executions         bigint     exact up to 511, then within some percent; at least the failed ones
-- failed_executions  bigint     those with an exception; exact up to 511, then within some percent
-- errors             bigint     exceptions
WITH ran AS (
  SELECT date_trunc('hour', timestamp) AS hour, service_name, user_id, distinct_estimate(execution_id) AS executions
  FROM spans
  WHERE execution_id IS NOT NULL
  GROUP BY 1, 2, 3
),
failed AS (
  SELECT
    date_trunc('hour', timestamp) AS hour, service_name, user_id,
    distinct_estimate(execution_id) AS executions, count(*) AS errors
  FROM errors
  GROUP BY 1, 2, 3
)
SELECT
  coalesce(ran.hour, failed.hour) AS hour,
  coalesce(ran.service_name, failed.service_name) AS service_name,
  coalesce(ran.user_id, failed.user_id) AS user_id,
  greatest(coalesce(ran.executions, 0), coalesce(failed.executions, 0)) AS executions,
  coalesce(failed.executions, 0) AS failed_executions,
  coalesce(failed.errors, 0) AS errors
FROM ran
FULL OUTER JOIN failed
  ON failed.hour = ran.hour
  AND coalesce(failed.service_name, '') = coalesce(ran.service_name, '')
  AND coalesce(failed.user_id, '') = coalesce(ran.user_id, '')
