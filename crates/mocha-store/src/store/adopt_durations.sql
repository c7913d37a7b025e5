-- A session with a beginning and an end has a duration, whatever the old program made of it; one of less than nothing has none.
UPDATE voice_events
SET duration = CASE WHEN session_end > session_start THEN (session_end - session_start) * 1000 ELSE 0 END
WHERE event_type = 'leave' AND coalesce(duration, 0) <= 0
    AND (duration < 0 OR typeof(session_start) = 'integer' AND typeof(session_end) = 'integer' AND session_end > session_start);
