-- name: sagas
-- Newest first; null parameters do not filter. $4: a page begins below this number.
select s.no, s.id, d.name, d.version, s.key, phase_name(s.phase), facet_name(o.facet), s.seq,
       time_of(s.no >> 21)::text, time_of(s.changed_ms)::text, time_of(s.due_ms)::text
from saga s
join definition d on d.no = s.definition
left join open o on o.no = s.no
where ($1::text is null or d.name = $1)
  and ($2::text is null or phase_name(s.phase) = $2)
  and ($3::text is null or facet_name(o.facet) = $3)
  and ($4::bigint is null or s.no < $4)
order by s.no desc
limit $5::integer;

-- name: sagas_by_id
select s.no, s.id, d.name, d.version, s.key, phase_name(s.phase), facet_name(o.facet), s.seq,
       time_of(s.no >> 21)::text, time_of(s.changed_ms)::text, time_of(s.due_ms)::text
from saga s
join definition d on d.no = s.definition
left join open o on o.no = s.no
where s.id = any($1::uuid[])
order by s.no;

-- name: history
select j.seq, j.at::text, j.event, j.step, coalesce(d.spec -> 'steps' -> j.step ->> 'step', ''),
       j.type, j.message_id, j.outcome, j.payload
from journal_text j
join saga s on s.no = j.saga_no
join definition d on d.no = s.definition
where j.saga_no = $1::bigint and j.seq > $2::integer
order by j.seq
limit $3::integer;

-- name: definition_names
select distinct name from definition order by name;

-- name: counts
-- Reads every saga whose key begins so: for development.
select count(*) filter (where phase <> 0), count(*) filter (where phase = 3),
       count(*) filter (where phase = 4), count(*) filter (where phase in (1, 2)),
       count(*) filter (where phase = 0),
       count(*) filter (where exists (select from open o where o.no = saga.no and o.facet = 4)),
       (select count(*) from quarantine where redriven_at is null)
from saga where starts_with(key, $1);

-- name: noted
-- How often the journal says so: duplicates and early events. For development.
select count(*) filter (where outcome = 3), count(*) filter (where outcome = 1) from journal;

-- name: shard_offsets
select t.name, s.id, s.next_offset[t.no]
from shard s cross join topic t
where s.next_offset[t.no] >= 0
order by 1, 2;
