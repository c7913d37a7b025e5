CREATE TABLE `guilds` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text,
	`icon` text,
	`member_count` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
CREATE TABLE `users` (
	`id` text PRIMARY KEY NOT NULL,
	`username` text,
	`discriminator` text,
	`avatar` text,
	`bot` integer DEFAULT false,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
CREATE TABLE `channels` (
	`id` text PRIMARY KEY NOT NULL,
	`guild_id` text NOT NULL,
	`name` text,
	`type` integer NOT NULL,
	`parent_id` text,
	`position` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
CREATE INDEX `idx_channels_guild_id` ON `channels` (`guild_id`);
CREATE TABLE `members` (
	`id` text PRIMARY KEY NOT NULL,
	`guild_id` text NOT NULL,
	`user_id` text NOT NULL,
	`nickname` text,
	`joined_at` integer,
	`premium_since` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
CREATE INDEX `idx_members_guild_id` ON `members` (`guild_id`);
CREATE INDEX `idx_members_user_id` ON `members` (`user_id`);
CREATE INDEX `idx_members_joined_at` ON `members` (`joined_at`);
CREATE TABLE `message_events` (
	`id` text PRIMARY KEY NOT NULL,
	`guild_id` text NOT NULL,
	`channel_id` text NOT NULL,
	`user_id` text NOT NULL,
	`message_type` integer DEFAULT 0,
	`has_attachment` integer DEFAULT false,
	`has_embed` integer DEFAULT false,
	`character_count` integer DEFAULT 0,
	`word_count` integer DEFAULT 0,
	`created_at` integer NOT NULL
);
CREATE INDEX `idx_message_events_guild_time` ON `message_events` (`guild_id`,`created_at`);
CREATE INDEX `idx_message_events_user_time` ON `message_events` (`user_id`,`created_at`);
CREATE INDEX `idx_message_events_channel_time` ON `message_events` (`channel_id`,`created_at`);
CREATE INDEX `idx_message_events_guild_user` ON `message_events` (`guild_id`,`user_id`);
CREATE TABLE `voice_events` (
	`id` text PRIMARY KEY NOT NULL,
	`guild_id` text NOT NULL,
	`channel_id` text,
	`user_id` text NOT NULL,
	`event_type` text NOT NULL,
	`session_start` integer,
	`session_end` integer,
	`duration` integer DEFAULT 0,
	`muted` integer DEFAULT false,
	`deafened` integer DEFAULT false,
	`created_at` integer NOT NULL
);
CREATE INDEX `idx_voice_events_guild_time` ON `voice_events` (`guild_id`,`created_at`);
CREATE INDEX `idx_voice_events_user_time` ON `voice_events` (`user_id`,`created_at`);
CREATE INDEX `idx_voice_events_channel_time` ON `voice_events` (`channel_id`,`created_at`);
CREATE INDEX `idx_voice_events_session` ON `voice_events` (`session_start`,`session_end`);
CREATE TABLE `member_events` (
	`id` text PRIMARY KEY NOT NULL,
	`guild_id` text NOT NULL,
	`user_id` text NOT NULL,
	`event_type` text NOT NULL,
	`member_count` integer,
	`created_at` integer NOT NULL
);
CREATE INDEX `idx_member_events_guild_time` ON `member_events` (`guild_id`,`created_at`);
CREATE INDEX `idx_member_events_type_time` ON `member_events` (`event_type`,`created_at`);
CREATE TABLE `presence_events` (
	`id` text PRIMARY KEY NOT NULL,
	`guild_id` text NOT NULL,
	`user_id` text NOT NULL,
	`status` text,
	`activity_type` integer,
	`activity_name` text,
	`created_at` integer NOT NULL
);
CREATE INDEX `idx_presence_events_guild_time` ON `presence_events` (`guild_id`,`created_at`);
CREATE INDEX `idx_presence_events_user_time` ON `presence_events` (`user_id`,`created_at`);
CREATE INDEX `idx_presence_events_status` ON `presence_events` (`status`);
