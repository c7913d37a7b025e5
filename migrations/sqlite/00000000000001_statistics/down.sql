-- Drops children first: dropping a parent would delete its events.
DROP TABLE presence_events;
DROP TABLE member_events;
DROP TABLE voice_events;
DROP TABLE message_events;
DROP TABLE members;
DROP TABLE channels;
DROP TABLE users;
DROP TABLE guilds;
