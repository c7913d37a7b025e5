DROP TRIGGER voice_events_truncated ON voice_events;
DROP TRIGGER voice_events_gone ON voice_events;
DROP TRIGGER voice_events_changed ON voice_events;
DROP TRIGGER voice_events_added ON voice_events;
DROP FUNCTION count_sessions();
DROP TRIGGER voice_intervals_truncated ON voice_intervals;
DROP TRIGGER voice_intervals_gone ON voice_intervals;
DROP TRIGGER voice_intervals_changed ON voice_intervals;
DROP TRIGGER voice_intervals_added ON voice_intervals;
DROP FUNCTION count_voice();
DROP FUNCTION add_voice(
    BIGINT[], BIGINT[], BIGINT[], BIGINT[], BOOLEAN[], BIGINT[], BIGINT[], BIGINT[], BIGINT[], BIGINT[], BIGINT[], BIGINT[],
    BIGINT[]
);
DROP TABLE voice_channel_months;
DROP TABLE voice_channel_days;
DROP TABLE voice_totals;
DROP TABLE voice_months;
DROP TABLE voice_days;
