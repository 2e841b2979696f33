-- name: insert
-- One row a call: the body is large, and an array of them would be a copy of it.
insert into outbox_batch(shard, seq, n, body)
values ($1::smallint, $2::bigint, $3::integer, $4::bytea);

-- name: remove
delete from outbox_batch o using unnest($1::smallint[], $2::bigint[]) x(shard, seq)
where o.shard = x.shard and o.seq = x.seq;

-- name: next
-- The oldest batch of a shard behind `seq`: take-over sends them one by one, so memory stays flat.
select seq, n, body from outbox_batch where shard = $1::smallint and seq > $2::bigint
order by seq limit 1;
