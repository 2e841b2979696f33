-- name: insert
insert into saga(no, id, definition, key, phase, seq, due_ms, changed_ms, state, trace)
select x.no, x.id, x.definition, x.key, x.phase, x.seq, x.due_ms, $9::bigint, x.state,
       nullif(x.trace, '')
from unnest($1::bigint[], $2::uuid[], $3::integer[], $4::text[], $5::smallint[], $6::integer[],
            $7::bigint[], $8::bytea[], $10::bytea[])
  x(no, id, definition, key, phase, seq, due_ms, state, trace);

-- name: retrace
-- A saga that already holds parked events gets its start.
update saga set trace = $2::bytea where no = $1::bigint;

-- name: update
with changed as (
  update saga set phase = x.phase, seq = x.seq, due_ms = x.due_ms, changed_ms = $6::bigint,
                  state = x.state, definition = x.definition
  from unnest($1::bigint[], $2::smallint[], $3::integer[], $4::bigint[], $5::bytea[], $7::integer[])
    x(no, phase, seq, due_ms, state, definition)
  where saga.no = x.no and saga.seq < x.seq
  returning 1)
select 1 / (count(*) = cardinality($1::bigint[]))::int from changed;

-- name: load
-- Sagas by id with what their journals hold of the world's words, in order. The join with unnest
-- lets the planner open only the journal partitions that are needed.
select s.no, s.id, s.definition, s.key, s.seq, s.state, j.kind, j.step, j.outcome, j.occurrence,
       j.message_id, j.type, j.payload, j.at_ms, s.trace
from unnest($1::uuid[]) x(id)
join saga s on s.id = x.id
left join journal j on j.saga_no = s.no and j.kind in (0, 1, 2)
order by s.no, j.seq;

-- name: restore
-- What a new owner must watch: sagas with a row in open, and all from swept_no on.
select s.no, s.id, s.due_ms, s.phase, o.facet
from open o join saga s on s.no = o.no
where o.shard = $1::smallint and o.no < $2::bigint
union all
select s.no, s.id, s.due_ms, s.phase, o.facet
from saga s left join open o on o.no = s.no
where s.no >= $2::bigint and (s.no >> 13) & 255 = $1::smallint
  and (s.phase in (0, 1, 2) or o.no is not null)
order by 1;
