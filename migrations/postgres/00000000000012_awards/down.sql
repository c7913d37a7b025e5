DROP TRIGGER bots_changed ON bots;
DROP TRIGGER message_events_truncated_in_awards ON message_events;
DROP TRIGGER message_events_gone_from_awards ON message_events;
DROP TRIGGER message_events_changed_in_awards ON message_events;
DROP TRIGGER message_events_added_to_awards ON message_events;
DROP VIEW counted_awards;
DROP TABLE award_spans, award_days, award_totals;
DROP FUNCTION move_awards, recount_awards, add_up_awards, count_awards;
