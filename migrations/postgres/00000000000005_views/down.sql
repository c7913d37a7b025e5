DROP VIEW voice_now;
DROP VIEW members_by_day;
DROP VIEW voice_by_day;
DROP VIEW messages_by_day;
DROP VIEW messages_by_quarter;
