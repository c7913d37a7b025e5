// The original's table of messages.

import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

export const messageEvents = sqliteTable('message_events', {
  id: text('id').primaryKey(),
  guildId: text('guild_id').notNull(),
  channelId: text('channel_id').notNull(),
  userId: text('user_id').notNull(),
  messageType: integer('message_type').default(0),
  hasAttachment: integer('has_attachment', { mode: 'boolean' }).default(false),
  hasEmbed: integer('has_embed', { mode: 'boolean' }).default(false),
  characterCount: integer('character_count').default(0),
  wordCount: integer('word_count').default(0),
  createdAt: integer('created_at', { mode: 'timestamp' }).notNull(),
}, (table) => ({
  guildTimeIdx: index('idx_message_events_guild_time').on(table.guildId, table.createdAt),
  userTimeIdx: index('idx_message_events_user_time').on(table.userId, table.createdAt),
  channelTimeIdx: index('idx_message_events_channel_time').on(table.channelId, table.createdAt),
  guildUserIdx: index('idx_message_events_guild_user').on(table.guildId, table.userId),
}));
