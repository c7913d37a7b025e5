-- Fills the sums of months and of all time, but for the last day, which may go on. A day to come is a mistake.
UPDATE watermarks SET
    messages_to = coalesce((
        SELECT max(day) FROM message_days WHERE day <= CAST(strftime('%s', 'now') AS INTEGER) / 86400
    ), 0),
    voice_to = coalesce((
        SELECT max(day) FROM voice_days WHERE day <= CAST(strftime('%s', 'now') AS INTEGER) / 86400
    ), 0);
