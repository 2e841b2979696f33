-- name: read
select prefix, shards, kafka_cluster_id from installation;

-- name: insert
insert into installation(prefix, shards, kafka_cluster_id) values ($1, $2::smallint, $3)
on conflict do nothing;

-- name: lock
-- One node at a time prepares the database; released at the end of the transaction.
select pg_advisory_xact_lock(7305001);

-- name: take_seat
-- Held by the session, so it is free when its process is dead, however that came.
select pg_try_advisory_lock(hashtext('skald seat ' || $1::text), $2::integer);

-- name: secrets
select no, bytes from secret where retired_at is null order by no;

-- name: add_secret
insert into secret(bytes) values ($1::bytea);

-- name: heartbeat
insert into node(id, host, version) values ($1::uuid, $2, $3)
on conflict (id) do update set seen_at = now();

-- name: forget_node
delete from node where id = $1::uuid;

-- name: forget_dead_nodes
delete from node where seen_at < now() - interval '1 day';

-- name: audit
insert into audit_log(actor, action, target, reason) values ($1, $2, $3, $4);

-- name: answer_within
-- For sessions of people's questions: milliseconds.
select set_config('statement_timeout', $1, false);
