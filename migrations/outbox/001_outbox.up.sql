-- The transactional outbox, for any application's own database: insert in your transaction, the
-- relay takes the row to Kafka. docs/outbox.md says what a writer must know.

create table outbox (
  id bigint generated always as identity (cache 1) primary key,
  topic text not null,
  key text,
  headers text not null default '{}',
  payload bytea,
  constraint outbox_topic_named check (topic <> '')
) with (
  toast_tuple_target = 8160,
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 20000,
  autovacuum_vacuum_insert_scale_factor = 0,
  autovacuum_vacuum_cost_delay = 0
);
alter table outbox alter payload set storage main;

comment on table outbox is 'Records on their way to Kafka. A row is deleted when Kafka has it.';
comment on column outbox.id is
  'The order of sending. Cached ids would break the order between sessions: keep cache 1.';
comment on column outbox.key is
  'Records of one key keep their order. Null: no order, any partition.';
comment on column outbox.headers is 'A JSON object of strings, sent as Kafka headers.';
comment on column outbox.payload is 'The bytes of the value. Null: a tombstone.';

create table outbox_rejected (
  id bigint primary key,
  topic text not null,
  key text,
  headers text not null,
  payload bytea,
  reason text not null,
  at timestamptz not null default clock_timestamp()
);
comment on table outbox_rejected is
  'Rows that can never be produced, with the reason. Repair, insert into outbox, delete here.';

-- A sleeping relay holds the gate; only then is a writer's NOTIFY needed. With one NOTIFY for each
-- transaction all commits would queue behind one lock of the whole server. A transaction that is
-- to be PREPAREd must not NOTIFY: it sets skald.outbox_gate to off and is found by the next poll.
create function outbox_gate() returns trigger language plpgsql as $$
begin
  if coalesce(current_setting('skald.outbox_gate', true), '') <> 'off'
     and not pg_try_advisory_xact_lock_shared(813731, tg_relid::int) then
    perform pg_notify('skald_outbox', '');
  end if;
  return null;
end $$;
create trigger outbox_gate after insert on outbox
  for each statement execute function outbox_gate();

-- The columns that Debezium's outbox event router expects.
create view outbox_debezium as
  select id, topic as aggregatetype, key as aggregateid,
         substring(headers from '"ce_type"\s*:\s*"([^"]*)"') as type, payload
    from outbox;
comment on view outbox_debezium is 'The outbox as the outbox event router of Debezium names it.';
