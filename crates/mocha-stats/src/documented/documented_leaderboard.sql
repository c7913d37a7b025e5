SELECT 
  user_id,
  COUNT(*) as message_count,
  RANK() OVER (ORDER BY COUNT(*) DESC) as rank
FROM message_events 
WHERE guild_id = ? AND created_at >= ?
GROUP BY user_id 
ORDER BY message_count DESC 
LIMIT ?;
