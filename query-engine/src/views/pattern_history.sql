-- What was decided about patterns, each decision once: the audit log.
--
-- pattern_id      text       the pattern that it counts for: merged ids count under the winner
-- timestamp       timestamp  UTC
-- time_unix_nano  bigint     later than all that was decided about the pattern before
-- event_id        text
-- action          text       'status', 'severity', 'assign', 'label', 'merge', 'split' or 'apart'
-- from_value      text       what was; of a label that is taken off, the label
-- to_value        text       what is from now on; of a label that is put on, the label
-- actor           text       who; 'errata' for what happens by itself
-- reason          text       why, masked
-- recorded_for    text       the id under which it is stored
SELECT
  coalesce(pattern_aliases.pattern_id, once.pattern_id) AS pattern_id,
  once.timestamp,
  once.time_unix_nano,
  once.event_id,
  once.action,
  once.from_value,
  once.to_value,
  once.actor,
  once.reason,
  once.pattern_id AS recorded_for
FROM (
  SELECT
    *, row_number() OVER (PARTITION BY event_id ORDER BY time_unix_nano, pattern_id) AS copy
  FROM pattern_events
) AS once
LEFT JOIN pattern_aliases ON pattern_aliases.alias = once.pattern_id
WHERE once.copy = 1
