SELECT 
  COUNT(*) as message_count,
  SUM(character_count) as total_characters,
  COUNT(CASE WHEN has_attachment = 1 THEN 1 END) as attachments
FROM message_events 
WHERE guild_id = ? AND user_id = ? AND created_at >= ?;
