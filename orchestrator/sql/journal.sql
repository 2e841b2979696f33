-- name: insert
insert into journal(saga_no, seq, kind, step, number, occurrence, message_id, type, payload,
                    outcome, commands_hash, at_ms)
select x.saga_no, x.seq, x.kind, x.step, x.number, x.occurrence, x.message_id, x.type, x.payload,
       x.outcome, x.commands_hash, $12::bigint
from unnest($1::bigint[], $2::integer[], $3::smallint[], $4::smallint[], $5::integer[],
            $6::bigint[], $7::text[], $8::text[], $9::bytea[], $10::smallint[], $11::bigint[])
  x(saga_no, seq, kind, step, number, occurrence, message_id, type, payload, outcome,
    commands_hash);

-- name: partitions
-- Bounds of the partitions, in saga numbers, oldest first.
select c.relname,
       (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''(\d+)''\)'))[1]::bigint,
       (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''(\d+)''\)'))[1]::bigint
from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = 'journal'::regclass and not i.inhdetachpending
order by 2;

-- name: end
-- No saga may get a number from here on: there is no partition for its journal.
select coalesce(max((regexp_match(pg_get_expr(c.relpartbound, c.oid),
                                  'TO \(''(\d+)''\)'))[1]::bigint), 0)
from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = 'journal'::regclass;
