-- How often each pattern recurs: occurrences of the last 7 and 30 days, against the 7 and 30 days before.
--
-- pattern_id      text    the pattern that merged ids count under
-- last_7_days     bigint  occurrences
-- before_7_days   bigint  occurrences in the 7 days before those
-- trend_7_days    double  the one over the other; null where there were none before
-- last_30_days    bigint
-- before_30_days  bigint
-- trend_30_days   double
SELECT
  pattern_id,
  last_7_days,
  before_7_days,
  CAST(last_7_days AS DOUBLE) / nullif(before_7_days, 0) AS trend_7_days,
  last_30_days,
  before_30_days,
  CAST(last_30_days AS DOUBLE) / nullif(before_30_days, 0) AS trend_30_days
FROM (
  SELECT
    pattern_of(pattern_id, fingerprint) AS pattern_id,
    count(*) FILTER (WHERE timestamp >= now() - INTERVAL '7 days') AS last_7_days,
    count(*) FILTER (WHERE timestamp >= now() - INTERVAL '14 days' AND timestamp < now() - INTERVAL '7 days')
      AS before_7_days,
    count(*) FILTER (WHERE timestamp >= now() - INTERVAL '30 days') AS last_30_days,
    count(*) FILTER (WHERE timestamp < now() - INTERVAL '30 days') AS before_30_days
  FROM errors
  WHERE timestamp >= now() - INTERVAL '60 days'
  GROUP BY 1
)
