DROP TRIGGER bot_changes_added_to_members;
DROP TRIGGER member_events_changed_to;
DROP TRIGGER member_events_changed_from;
DROP TRIGGER member_events_gone;
DROP TRIGGER member_events_added;
DROP VIEW member_changes;
DROP TABLE member_days;
DROP INDEX idx_member_events_user_time;
