-- name: lock
lock table api_key in share row exclusive mode;

-- name: live_count
select count(*) from api_key where revoked_at is null;

-- name: known
select count(*) from api_key where name = $1;

-- name: insert
insert into api_key(name, hash, role) values ($1, $2::bytea, $3);

-- name: revoke
update api_key set revoked_at = now() where name = $1 and revoked_at is null returning no;

-- name: list
select no, name, role, (extract(epoch from created_at) * 1000)::bigint,
       (extract(epoch from revoked_at) * 1000)::bigint
from api_key order by no;

-- name: live
select name, role, hash from api_key where revoked_at is null order by no;
