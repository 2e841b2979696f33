-- name: insert
insert into quarantine(shard, topic, partition, record_offset, key, payload, headers, reason, at_ms)
values ($1::smallint, $2, $3::integer, $4::bigint, $5::bytea, $6::bytea, $7::bytea, $8, $9::bigint);

-- name: mark_redriven
update quarantine set redriven_at = now() where no = $1::bigint and redriven_at is null
returning no;

-- name: drop
delete from quarantine where no = $1::bigint returning no;
