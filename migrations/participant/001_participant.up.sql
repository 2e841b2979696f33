-- What a participant keeps in its own database, beside its own tables. Applied with the search_path
-- on the participant's schema; nothing here names a schema. docs/contract.md explains the fence.

-- One row for each (saga, step) that a command or an undo has reached: occurrence ''. One more for
-- each effect that an undo named and that no command of ours caused. Rows are never deleted before
-- the horizon: a row that is gone is a command that may take effect a second time.
create table fence (
  saga_id uuid not null,
  step text not null,
  occurrence text not null default '',
  state text not null check (state in ('done', 'declined', 'undone', 'fenced')),
  effect text not null default '',      -- what the reply calls this effect, if it does
  reply_type text not null default '',  -- the remembered answer of done and declined
  reply bytea not null default '',
  at timestamptz not null default now(),
  primary key (saga_id, step, occurrence)
) with (fillfactor = 90);
create index fence_at on fence (at);

-- (consumer, message) once, for handlers of any other topic.
create table inbox (
  consumer text not null,
  message_id text not null,
  at timestamptz not null default now(),
  primary key (consumer, message_id)
);
create index inbox_at on inbox (at);

-- Messages that could not be understood, with their bytes, for people. Headers: a JSON array of
-- [name, value] pairs, the value as hex when it is not UTF-8.
create table set_aside (
  topic text not null,
  partition integer not null,
  position bigint not null,
  reason text not null,
  key bytea,
  headers jsonb not null,
  value bytea,
  at timestamptz not null default now(),
  primary key (topic, partition, position)
);
create index set_aside_at on set_aside (at);
