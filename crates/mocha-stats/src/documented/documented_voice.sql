SELECT 
  user_id,
  SUM(duration) as total_voice_time,
  COUNT(*) as session_count
FROM voice_events 
WHERE guild_id = ? AND created_at >= ? AND event_type = 'leave'
GROUP BY user_id;
