-- One row per execution session, from its spans and its exceptions (a session may have logs only).
--
-- session_id         text       the session header's value
-- parent_session_id  text       the session that this one restarted, if any
-- user_id            text
-- service_name       text
-- host_name          text
-- started_at         timestamp  UTC; start of the first span, or the first exception
-- ended_at           timestamp  UTC; end of the last span, or the last exception
-- spans              bigint
-- executions         bigint     distinct execution ids
-- failed_executions  bigint     distinct execution ids with an exception
-- errors             bigint     exceptions
-- patterns           bigint     distinct patterns of them, as tagged
-- severity           int        1 to 5, the highest; null without exceptions
-- commit_hash        text
-- branch             text
-- virtualenv         text
WITH seen AS (
  SELECT
    session_id, parent_session_id, user_id, service_name, host_name, commit_hash, branch, virtualenv,
    execution_id,
    CAST(NULL AS VARCHAR) AS failed_execution_id,
    CAST(NULL AS VARCHAR) AS pattern_id,
    CAST(NULL AS INT) AS severity,
    time_unix_nano AS start_nano,
    time_unix_nano + duration_ns AS end_nano,
    1 AS span,
    0 AS error
  FROM spans
  WHERE session_id IS NOT NULL
  UNION ALL
  SELECT
    session_id, parent_session_id, user_id, service_name, host_name, commit_hash, branch, virtualenv,
    execution_id, execution_id AS failed_execution_id, pattern_id, severity,
    time_unix_nano AS start_nano, time_unix_nano AS end_nano, 0 AS span, 1 AS error
  FROM errors
  WHERE session_id IS NOT NULL
)
SELECT
  session_id,
  max(parent_session_id) AS parent_session_id,
  max(user_id) AS user_id,
  max(service_name) AS service_name,
  max(host_name) AS host_name,
  arrow_cast(min(start_nano) / 1000, 'Timestamp(Microsecond, Some("UTC"))') AS started_at,
  arrow_cast(max(end_nano) / 1000, 'Timestamp(Microsecond, Some("UTC"))') AS ended_at,
  sum(span) AS spans,
  count(DISTINCT execution_id) AS executions,
  count(DISTINCT failed_execution_id) AS failed_executions,
  sum(error) AS errors,
  count(DISTINCT pattern_id) AS patterns,
  max(severity) AS severity,
  max(commit_hash) AS commit_hash,
  max(branch) AS branch,
  max(virtualenv) AS virtualenv
FROM seen
GROUP BY session_id
