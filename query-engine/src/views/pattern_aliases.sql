-- Other names of patterns: one row per pattern id that was merged into another one.
--
-- alias       text  the id that is no pattern of its own any more
-- pattern_id  text  the pattern that it counts under: the end of the chain of aliases; where aliases run in a
--                   circle (two writers merged both ways at once), the smallest id of the circle
WITH RECURSIVE facts AS (
  SELECT DISTINCT pattern_id, alias_of
  FROM patterns
  WHERE fact = 'alias' AND alias_of IS NOT NULL AND alias_of <> pattern_id
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
