DROP TABLE recorder_states;
DROP TABLE gone_channels;
DROP TABLE guild_states;
DROP TABLE voice_intervals;
