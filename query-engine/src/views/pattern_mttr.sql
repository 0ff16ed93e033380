-- Time to resolve and how often that did not last, per pattern.
--
-- pattern_id    text    the pattern that merged ids count under
-- episodes      bigint  times it was a problem: 1, and 1 more for each time it was opened again
-- resolved      bigint  of them, those that were resolved
-- reopened      bigint  resolutions that did not last
-- mttr_seconds  double  mean of resolved_at - opened_at over the resolved episodes, each counted as one; null without any
-- reopen_rate   double  reopened / resolved; null where nothing was resolved
SELECT
  pattern_id,
  count(*) AS episodes,
  count(resolved_at) AS resolved,
  count(*) FILTER (WHERE reopened) AS reopened,
  avg(seconds_to_resolve) AS mttr_seconds,
  CAST(count(*) FILTER (WHERE reopened) AS DOUBLE) / nullif(count(resolved_at), 0) AS reopen_rate
FROM pattern_status_episodes
GROUP BY pattern_id
