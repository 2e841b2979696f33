-- name: begin
-- Everything that the audit reads of this database is of one instant.
begin transaction isolation level repeatable read read only;

-- name: facts
select (extract(epoch from clock_timestamp()) * 1000)::bigint,
       (select prefix from installation),
       (select coalesce(sum(seq), 0)::bigint from saga),
       coalesce((select (extract(epoch from now() - max(seen_at)) * 1000)::bigint from node), -1);

-- name: sagas
select s.no, s.id, s.key, s.state, s.definition, s.seq, s.phase, s.due_ms, o.no is not null
from saga s left join open o on o.no = s.no
where s.no >= $1::bigint order by s.no limit $2::integer;

-- name: shards
select s.id, s.swept_no, s.next_offset[t.no]
from shard s join topic t on t.name = $1::text order by s.id;

-- name: definitions
select no, spec::text from definition order by no;

-- name: not_sent
-- Records that Kafka will never take: their envelope is all that is left of them.
select no, headers from quarantine
where record_offset = -1 and no > $1::bigint order by no limit $2::integer;

-- name: next_packed
select shard, seq, n, body from outbox_batch where (shard, seq) > ($1::smallint, $2::bigint)
order by shard, seq limit 1;

-- name: outbox_left
select count(*) from outbox_batch o
join unnest($1::smallint[], $2::bigint[]) x(shard, seq) using (shard, seq);

-- name: unknown_ids
-- Which of these sagas are not there?
select x.place from unnest($1::uuid[]) with ordinality x(id, place)
left join saga s on s.id = x.id where s.id is null;

-- name: quarantined
select count(*) from quarantine
where topic = $1::text and partition = $2::integer and record_offset = $3::bigint;

-- name: fence
-- A participant's books of these sagas.
select saga_id, step, occurrence, state from fence
where saga_id = any($1::uuid[]) order by saga_id, step, occurrence;

-- name: fence_page
select saga_id, step, occurrence, state, at >= now() - $4::bigint * interval '1 millisecond'
from fence where (saga_id, step, occurrence) > ($1::uuid, $2::text, $3::text)
order by saga_id, step, occurrence limit $5::integer;

-- name: search_path
select set_config('search_path', $1::text, false);
