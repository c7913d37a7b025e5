// The original's stack: its schema, settings and statements through its ORM, with an insert for each event.
//
// It reads orders as lines of JSON and answers each with a line.

import { Database } from 'bun:sqlite';
import { and, count, desc, eq, gte, sql, sum } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/bun-sqlite';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { messageEvents } from './schema';

const file = new Database(process.argv[2]);
for (const pragma of [
  'journal_mode = WAL',
  'synchronous = NORMAL',
  'cache_size = 10000',
  'temp_store = MEMORY',
  'mmap_size = 268435456',
  'foreign_keys = ON',
]) {
  file.run(`PRAGMA ${pragma}`);
}
const db = drizzle(file);

type Question = { kind: string; guild: string; user: string; since: number; top: number };
type Order = {
  do: string;
  path: string;
  question: Question;
  least_millis: number;
  least_runs: number;
  most_runs: number;
};

function now(): number {
  return Bun.nanoseconds();
}

async function insert(path: string) {
  const rows = readFileSync(path, 'utf8').trimEnd().split('\n').map((line) => {
    const [id, guildId, channelId, userId, kind, attachment, embed, characters, words, second] = line.split(',');
    return {
      id,
      guildId,
      channelId,
      userId,
      messageType: Number(kind),
      hasAttachment: attachment === '1',
      hasEmbed: embed === '1',
      characterCount: Number(characters),
      wordCount: Number(words),
      createdAt: new Date(Number(second) * 1000),
    };
  });
  const start = now();
  for (const row of rows) {
    await db.insert(messageEvents).values(row);
  }
  const nanos = now() - start;
  file.run('ANALYZE');
  file.query('PRAGMA wal_checkpoint(TRUNCATE)').get();
  return { len: rows.length, nanos };
}

async function ask({ kind, guild, user, since, top }: Question): Promise<unknown[][]> {
  const ofGuild = eq(messageEvents.guildId, guild);
  const after = gte(messageEvents.createdAt, new Date(since * 1000));
  if (kind === 'leaderboard') {
    const messages = count().as('message_count');
    const rows = await db
      .select({ user: messageEvents.userId, messages, rank: sql<number>`RANK() OVER (ORDER BY COUNT(*) DESC)` })
      .from(messageEvents)
      .where(and(ofGuild, after))
      .groupBy(messageEvents.userId)
      .orderBy(desc(messages))
      .limit(top);
    return rows.map((row) => [row.user, row.messages, row.rank]);
  }
  if (kind === 'user_statistics') {
    const rows = await db
      .select({
        messages: count(),
        characters: sum(messageEvents.characterCount),
        attachments: sql<number>`COUNT(CASE WHEN ${messageEvents.hasAttachment} = 1 THEN 1 END)`,
      })
      .from(messageEvents)
      .where(and(ofGuild, eq(messageEvents.userId, user), after));
    return rows.map((row) => [row.messages, row.characters ?? 0, row.attachments]);
  }
  const weekday = sql<number>`(${messageEvents.createdAt} / 86400 + 3) % 7`;
  const hour = sql<number>`${messageEvents.createdAt} / 3600 % 24`;
  const rows = await db
    .select({ weekday, hour, messages: count() })
    .from(messageEvents)
    .where(and(ofGuild, after))
    .groupBy(weekday, hour);
  return rows.map((row) => [row.weekday, row.hour, row.messages]);
}

async function time(order: Order) {
  const times: number[] = [];
  const begin = now();
  while (
    times.length < order.least_runs ||
    (now() - begin < order.least_millis * 1e6 && times.length < order.most_runs)
  ) {
    const start = now();
    await ask(order.question);
    times.push(now() - start);
  }
  times.sort((a, b) => a - b);
  return { len: times.length, nanos: times[Math.floor(times.length / 2)] };
}

async function obey(order: Order): Promise<unknown> {
  switch (order.do) {
    case 'versions': {
      const drizzleVersion = createRequire(import.meta.url)('drizzle-orm/package.json').version;
      const sqlite = file.query('SELECT sqlite_version() AS version').get() as { version: string };
      return `Bun ${Bun.version}, drizzle-orm ${drizzleVersion}, SQLite ${sqlite.version}`;
    }
    case 'insert':
      return insert(order.path);
    case 'answer':
      return (await ask(order.question)).map((row) => row.map(String));
    case 'time':
      return time(order);
    default:
      throw new Error(`unknown order: ${order.do}`);
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await obey(JSON.parse(line))));
}
