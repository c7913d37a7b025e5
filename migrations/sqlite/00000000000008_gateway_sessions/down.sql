DROP TABLE gateway_sessions;
