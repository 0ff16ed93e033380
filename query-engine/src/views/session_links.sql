-- Which session restarted which, each pair once. What names itself as its parent has no row. A parent need not be a
-- session that is known, one session may have several parents, and rings happen.
--
-- session_id         text
-- parent_session_id  text
SELECT DISTINCT session_id, parent_session_id
FROM (
  SELECT session_id, parent_session_id FROM spans WHERE parent_session_id IS NOT NULL
  UNION ALL
  SELECT session_id, parent_session_id FROM errors WHERE parent_session_id IS NOT NULL
)
WHERE session_id IS NOT NULL AND session_id <> parent_session_id
