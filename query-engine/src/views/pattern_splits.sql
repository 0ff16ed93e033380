-- Fingerprints whose exceptions a person made a pattern of their own.
--
-- fingerprint  text
-- pattern_id   text  the pattern that they are of, before any merge
SELECT fingerprint, pattern_id
FROM (
  SELECT
    CASE WHEN length(to_value) = 32 THEN to_value ELSE from_value END AS fingerprint,
    CASE WHEN length(to_value) <> 32 THEN to_value END AS pattern_id,
    row_number() OVER (
      PARTITION BY CASE WHEN length(to_value) = 32 THEN to_value ELSE from_value END
      ORDER BY time_unix_nano DESC, event_id DESC
    ) AS nth
  FROM pattern_events
  WHERE action = 'split'
)
WHERE nth = 1 AND pattern_id IS NOT NULL
