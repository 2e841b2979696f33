-- name: head
select id::text, key, definition, state, seq from saga where no = $1::bigint;

-- name: rows
select seq, kind, step, number, occurrence, message_id, type, payload, outcome, commands_hash, at_ms
from journal where saga_no = $1::bigint and seq > $2::integer
order by seq limit $3::integer;

-- name: many_heads
select no, id, key, state, definition, seq from saga where no >= $1::bigint
order by no limit $2::integer;

-- name: many_rows
select saga_no, seq, kind, step, number, occurrence, message_id, type, payload, outcome,
       commands_hash, at_ms
from journal where saga_no between $1::bigint and $2::bigint order by saga_no, seq;
