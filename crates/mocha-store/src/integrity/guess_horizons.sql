-- Nobody knows any more from when on events are complete: from the first day on that has some.
UPDATE horizons SET
    messages_from = coalesce((SELECT min(created_at) FROM message_events) / 86400 * 86400, 0),
    voice_from = coalesce((SELECT min(started_at_ms) FROM voice_intervals) / 86400000 * 86400, 0);
