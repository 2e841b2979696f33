-- name: insert
insert into quarantine(shard, topic, partition, record_offset, key, payload, headers, reason, at_ms)
values ($1::smallint, $2, $3::integer, $4::bigint, $5::bytea, $6::bytea, $7::bytea, $8, $9::bigint);
