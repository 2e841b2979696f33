-- name: verdict
-- The journal row of one request: only rows behind those that its sender had seen are looked at,
-- and only of its kind. A start, or another action, may have come under the same id.
select seq, outcome from journal_text
where saga_no = $1::bigint and seq > $2::integer and message_id = $3 and event = $4
order by seq limit 1;

-- name: quarantined
-- Newest first; the request's id is in the headers.
select reason, headers from quarantine where topic = $1 and key = $2::bytea
order by no desc limit $3::integer;
