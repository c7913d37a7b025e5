DROP TABLE reported_levels;
DROP TABLE level_guilds;
DROP TABLE point_balances;
