-- Computes the duration of sessions with a start and an end but no duration. The end must not be after the row was written.
UPDATE voice_events
SET duration = (session_end - session_start) * 1000
WHERE event_type = 'leave' AND NOT (typeof(duration) IN ('integer', 'real') AND duration > 0)
    AND typeof(session_start) = 'integer' AND typeof(session_end) = 'integer' AND typeof(created_at) = 'integer'
    AND session_start >= 1420070400 AND session_end > session_start
    AND session_end <= created_at + 1 AND session_end <= {last_second};
