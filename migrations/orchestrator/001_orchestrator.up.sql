-- The orchestrator's own database. One installation (one topic prefix, one Kafka cluster) each.
-- Times are milliseconds since 1970 of this database's clock; the views show them as timestamps.

create table installation (
  only_row boolean primary key default true check (only_row),
  prefix text not null,
  shards smallint not null check (shards between 1 and 256),
  kafka_cluster_id text not null,
  created_at timestamptz not null default now()
);
comment on table installation is
  'What this database belongs to. A service with another prefix, shard count or Kafka cluster '
  'refuses to start.';

create table definition (
  no integer generated always as identity primary key,
  name text not null,
  version integer not null check (version > 0),
  hash text not null unique,
  spec jsonb not null,
  state text not null default 'registered'
    check (state in ('registered', 'active', 'superseded', 'retired')),
  verdict text not null,
  risk_accepted text,
  registered_at timestamptz not null default now(),
  activated_at timestamptz,
  unique (name, version)
);
create unique index definition_active on definition (name) where state = 'active';
comment on table definition is
  'What a saga is. A stored version is never edited: its hash is its identity.';
comment on column definition.hash is 'SHA-256 of the canonical JSON, hex.';
comment on column definition.verdict is 'What the model checker said at registration.';
comment on column definition.risk_accepted is 'Why an unproven definition was stored all the same.';

create table topic (
  no smallint primary key check (no > 0),
  name text not null unique,
  partitions integer not null,
  forward_from bigint[]
);
comment on table topic is
  'Topics that are read; "no" is the position in shard.next_offset. Never deleted.';
comment on column topic.forward_from is
  'Where reading began, by partition, of a topic that is not partitioned as the shards are: its'
  ' events are passed on into the inbox.';

create table shard (
  id smallint primary key,
  epoch bigint not null default 0,
  next_offset bigint[] not null,
  next_no bigint not null default 0,
  swept_no bigint not null default 0
) with (fillfactor = 20);
comment on table shard is 'The unit of ownership: partition "id" of every topic in table topic.';
comment on column shard.epoch is
  'Counts take-overs. A commit that names an older epoch writes nothing.';
comment on column shard.next_offset is
  'The next record to read, by topic.no; -1: this topic is not read by shards.';
comment on column shard.next_no is 'Lower bound of the next saga number.';
comment on column shard.swept_no is 'Every open saga below it has a row in table open.';

create table saga (
  no bigint primary key,
  id uuid not null unique,
  definition integer not null references definition,
  key text not null,
  phase smallint not null,
  seq integer not null,
  due_ms bigint not null,
  changed_ms bigint not null,
  state bytea not null
) with (fillfactor = 50);
comment on table saga is
  'One row per saga; a finished one is the tombstone that tells duplicates. No index on what '
  'changes: updates stay HOT.';
comment on column saga.no is 'Time-ordered: milliseconds, shard (8 bits), counter (13 bits).';
comment on column saga.id is 'Derived from definition name and key; what the wire carries.';
comment on column saga.phase is
  '0 none (holds parked events), 1 running, 2 aborting, 3 completed, 4 aborted.';
comment on column saga.seq is 'Rows in the journal.';
comment on column saga.due_ms is 'The earliest timer; 0: none.';
comment on column saga.state is
  'All that the rules decided, encoded with a version: rules are not re-run to load a saga.';

create table journal (
  saga_no bigint not null,
  seq integer not null,
  kind smallint not null,
  step smallint not null,
  number integer not null,
  occurrence bigint not null,
  message_id text not null,
  type text not null,
  payload bytea not null,
  outcome smallint not null,
  commands_hash bigint not null,
  at_ms bigint not null,
  primary key (saga_no, seq)
) partition by range (saga_no);
comment on table journal is
  'What the world said to a saga, in order, and what came of it. Replay reads nothing else.';
comment on column journal.kind is 'The engine''s event: view journal_text names it.';
comment on column journal.step is '255: the saga as a whole.';
comment on column journal.number is
  'undone: n; timer: arm; retry: milliseconds asked for; operator: 1 = in the books.';
comment on column journal.occurrence is 'Hash that tells two effects of a step apart.';
comment on column journal.outcome is 'The engine''s verdict: view journal_text names it.';
comment on column journal.commands_hash is
  'Hash of the actions decided: replay must decide the same.';

create table outbox_batch (
  shard smallint not null,
  seq bigint not null,
  n integer not null,
  body bytea not null,
  primary key (shard, seq)
);
alter table outbox_batch alter column body set storage external;
comment on table outbox_batch is
  'Records decided but perhaps not yet acknowledged by Kafka: n packed frames. Sent again, in '
  'seq order, at take-over.';

create table open (
  no bigint primary key,
  shard smallint not null,
  facet smallint not null,
  since_ms bigint not null
);
create index open_shard on open (shard);
comment on table open is
  'Sagas open for longer than some seconds, or stuck: for take-over, lists and counts.';
comment on column open.facet is
  '0 parked, 1 running, 2 aborting, 3 paused, 4 stuck, 5 finished with an open surplus.';

create table quarantine (
  no bigint generated always as identity primary key,
  shard smallint not null,
  topic text not null,
  partition integer not null,
  record_offset bigint not null,
  key bytea,
  payload bytea,
  headers bytea not null,
  reason text not null,
  at_ms bigint not null,
  redriven_at timestamptz
);
comment on table quarantine is 'Records that cannot be applied, with every byte. Redriven by hand.';
comment on column quarantine.headers is
  'One packed frame, the form of outbox_batch.body, without its value.';
comment on column quarantine.record_offset is '-1: an outgoing record that Kafka will never take.';

create table audit_log (
  no bigint generated always as identity primary key,
  at timestamptz not null default now(),
  actor text not null,
  action text not null,
  target text not null,
  reason text not null default ''
);
comment on table audit_log is
  'Who changed definitions, quarantine and keys. A saga''s own actions are in its journal.';

create table node (
  id uuid primary key,
  host text not null,
  version text not null,
  started_at timestamptz not null default now(),
  seen_at timestamptz not null default now()
);
comment on table node is
  'Heartbeats of the services: for people; ownership is decided by shard.epoch alone.';

create table secret (
  no integer generated always as identity primary key,
  bytes bytea not null,
  created_at timestamptz not null default now(),
  retired_at timestamptz
);
comment on table secret is
  'Keys of the reply tokens. The newest signs, every one that is not retired is accepted.';

create table api_key (
  no integer generated always as identity primary key,
  name text not null unique,
  hash bytea not null unique,
  role text not null check (role in ('viewer', 'operator', 'admin')),
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);
comment on table api_key is 'SHA-256 of each key; the key itself is shown once and never stored.';
