-- Fills the roll-ups of months and of all time, except for the last day, which may not be over. Ignores days in the future.
UPDATE watermarks SET
    messages_to = coalesce((
        SELECT max(day) FROM message_days WHERE day <= CAST(strftime('%s', 'now') AS INTEGER) / 86400
    ), 0),
    voice_to = coalesce((
        SELECT max(day) FROM voice_days WHERE day <= CAST(strftime('%s', 'now') AS INTEGER) / 86400
    ), 0);
