-- Other names of patterns: one row per pattern id that was merged into another one, by a processor or by a person.
--
-- alias       text  the id that is no pattern of its own any more
-- pattern_id  text  the pattern that it counts under: the end of the chain of aliases; where aliases run in a
--                   circle (two writers merged both ways at once), the smallest id of the circle
--
-- What a person decided wins: a merge by a person replaces those of processors from the same id, and one that runs the
-- other way; a pair that is kept apart has no merge by processors.
WITH RECURSIVE said AS (
  SELECT
    pattern_id, alias_of, 'alias' AS action, true AS stands, 0 AS time_unix_nano, '' AS event_id,
    concat(pattern_id, ' ', alias_of) AS about
  FROM patterns
  WHERE fact = 'alias' AND alias_of IS NOT NULL
  UNION ALL
  SELECT
    pattern_id, coalesce(to_value, from_value) AS alias_of, action, to_value IS NOT NULL AS stands, time_unix_nano, event_id,
    CASE
      WHEN action = 'merge' THEN pattern_id
      ELSE concat(least(pattern_id, to_value, from_value), ' ', greatest(pattern_id, to_value, from_value))
    END AS about
  FROM pattern_events
  WHERE action IN ('merge', 'apart')
),
-- The last word about each; then whether a person had one about the id or the pair.
facts AS (
  SELECT pattern_id, alias_of
  FROM (
    SELECT
      *,
      max(action) OVER (PARTITION BY pattern_id) AS about_id,
      min(action) OVER (PARTITION BY least(pattern_id, alias_of), greatest(pattern_id, alias_of)) AS first_of_pair,
      max(action) OVER (PARTITION BY least(pattern_id, alias_of), greatest(pattern_id, alias_of)) AS last_of_pair
    FROM (
      SELECT
        *, row_number() OVER (PARTITION BY action, about ORDER BY time_unix_nano DESC, event_id DESC) AS nth
      FROM said
    )
    WHERE nth = 1 AND stands AND alias_of <> pattern_id
  )
  WHERE action = 'merge'
    OR (action = 'alias' AND about_id <> 'merge' AND first_of_pair = 'alias' AND last_of_pair = 'alias')
),
chain (alias, pattern_id, steps) AS (
  SELECT pattern_id, alias_of, 1 FROM facts
  UNION ALL
  SELECT chain.alias, facts.alias_of, chain.steps + 1
  FROM chain JOIN facts ON facts.pattern_id = chain.pattern_id
  WHERE chain.steps < 8
),
ends AS (
  SELECT alias, chain.pattern_id, facts.pattern_id IS NULL AS final
  FROM chain LEFT JOIN facts ON facts.pattern_id = chain.pattern_id
),
winners AS (
  SELECT alias, coalesce(min(pattern_id) FILTER (WHERE final), least(alias, min(pattern_id))) AS pattern_id
  FROM ends
  GROUP BY alias
)
SELECT alias, pattern_id FROM winners WHERE alias <> pattern_id
