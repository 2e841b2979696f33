-- name: outbox_tables
select to_regclass('outbox') is not null, to_regclass('outbox_batch') is not null;

-- name: application_outbox
-- Rows on their way, counted up to $1, and how old the oldest is, when the server keeps the times
-- of commits. A relay that leads holds its lock.
select (select count(*) from (select from outbox limit $1::integer) x),
       case when current_setting('track_commit_timestamp') = 'on'
            then (select extract(epoch from now() - pg_xact_commit_timestamp(xmin))::bigint
                  from outbox order by id limit 1) end,
       (select count(*) from outbox_rejected),
       exists (select from pg_locks where locktype = 'advisory' and classid = 813730
               and objid = 'outbox'::regclass::oid and granted);

-- name: orchestrator_outbox
-- Frames decided and not yet known to be in Kafka.
select count(*), coalesce(sum(n), 0), count(distinct shard) from outbox_batch;

-- name: server
select current_setting('server_version'), current_setting('server_version_num')::integer,
       current_setting('server_encoding'), current_setting('fsync'),
       current_setting('synchronous_commit'), current_setting('full_page_writes'),
       current_setting('max_connections')::integer, pg_is_in_recovery(), current_user,
       (extract(epoch from clock_timestamp()) * 1000)::bigint;

-- name: missing_rights
-- What the service does to each table and this user may not.
select t.name || ': ' || string_agg(r.name, ', ' order by r.name)
from (values ('installation'), ('definition'), ('topic'), ('shard'), ('saga'), ('journal'),
             ('outbox_batch'), ('open'), ('quarantine'), ('audit_log'), ('node'), ('secret'))
       t(name)
cross join (values ('select'), ('insert'), ('update'), ('delete')) r(name)
where to_regclass(t.name) is not null
  and not has_table_privilege(to_regclass(t.name)::oid, r.name)
  and not (t.name in ('audit_log', 'installation', 'secret', 'topic') and r.name = 'delete')
  and not (t.name in ('audit_log', 'installation') and r.name = 'update')
group by t.name order by t.name;

-- name: may_partition
-- New partitions of the journal are made by its owner, in its schema.
select pg_has_role(c.relowner, 'usage'), has_schema_privilege(c.relnamespace, 'create')
from pg_class c where c.oid = to_regclass('journal');

-- name: work
select (select count(*) from quarantine where redriven_at is null),
       (select count(*) from open where facet = 4),
       (select count(*) from definition where state = 'active'),
       (select count(*) from definition where state = 'active' and risk_accepted is not null);
