-- name: sagas
-- Newest first, below number $1, at most $5. Null parameters do not filter. $4: which sagas are
-- looked at: `all`, `open` (phases parked, running, aborting) or `listed` (those in table open).
-- One call looks at $6 rows of each source at most, so it never reads a large table whole: `until`
-- is the number down to which all was seen, 0 = everything. There is always one row; without a
-- saga its number is null.
with listed as (
  select no from open where $4 <> 'all' and ($1::bigint is null or no < $1)
  order by no desc limit $6::integer),
young as (
  select no from saga
  where $4 <> 'listed' and ($1::bigint is null or no < $1)
    and no >= case $4 when 'open' then (select coalesce(min(swept_no), 0) from shard) else 0 end
  order by no desc limit $6::integer),
seen as (
  select greatest((select case when count(*) = $6 then min(no) else 0 end from listed),
                  (select case when count(*) = $6 then min(no) else 0 end from young)) as until),
page as (
  select s.no, s.id, s.definition, d.name, d.version, s.key, s.phase, s.seq, s.changed_ms,
         s.due_ms, s.state
  from (select no from listed union select no from young) x
  join saga s on s.no = x.no and s.no >= (select until from seen)
  join definition d on d.no = s.definition
  where ($2::text is null or d.name = $2) and ($3::smallint is null or s.phase = $3)
    and ($4 = 'all' or s.phase < 3 or exists (select from open o where o.no = s.no))
  order by s.no desc limit $5::integer)
select page.*, seen.until from seen left join page on true order by page.no desc;

-- name: sagas_by_id
select s.no, s.id, s.definition, d.name, d.version, s.key, s.phase, s.seq, s.changed_ms, s.due_ms,
       s.state
from saga s join definition d on d.no = s.definition
where s.id = any($1::uuid[])
order by s.no;

-- name: oldest_open
select s.no, s.id, s.definition, d.name, d.version, s.key, s.phase, s.seq, s.changed_ms, s.due_ms,
       s.state
from (select no from open order by no limit $1::integer) o
join saga s on s.no = o.no join definition d on d.no = s.definition;

-- name: history
select j.seq, coalesce((extract(epoch from j.at) * 1000)::bigint, 0), j.event,
       coalesce(d.spec -> 'steps' -> j.step ->> 'step', ''), j.type, j.message_id, j.outcome,
       j.payload
from journal_text j
join saga s on s.no = j.saga_no
join definition d on d.no = s.definition
where j.saga_no = $1::bigint and j.seq > $2::integer
order by j.seq
limit $3::integer;

-- name: heard
select outcome, count(*) from journal_text where saga_no = $1::bigint group by 1 order by 1;

-- name: definition_names
select distinct name from definition order by name;

-- name: definitions
select no, name, version, spec::text from definition order by name, version;

-- name: counts
-- Reads every saga whose key begins so: for development.
select count(*) filter (where phase <> 0), count(*) filter (where phase = 3),
       count(*) filter (where phase = 4),
       count(*) filter (where phase in (1, 2) or (phase in (3, 4) and (due_ms <> 0 or
         exists (select from open o where o.no = saga.no and o.facet = 4)))),
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

-- name: quarantine
-- Newest first; $3: also what was redriven.
select no, at_ms, topic, reason, (extract(epoch from redriven_at) * 1000)::bigint, partition,
       record_offset, key, payload, headers
from quarantine
where ($1::bigint is null or no < $1) and ($2::text is null or topic = $2)
  and ($3::boolean or redriven_at is null)
order by no desc limit $4::integer;

-- name: quarantined_record
select no, at_ms, topic, reason, (extract(epoch from redriven_at) * 1000)::bigint, partition,
       record_offset, key, payload, headers
from quarantine where no = $1::bigint;

-- name: nodes
select id, host, version, (extract(epoch from started_at) * 1000)::bigint,
       (extract(epoch from seen_at) * 1000)::bigint,
       seen_at > now() - $1::integer * interval '1 second'
from node order by host, started_at;

-- name: first_input
-- What started a saga.
select payload from journal where saga_no = $1::bigint and kind = 0 order by seq limit 1;
