-- name: insert
insert into definition(name, version, hash, spec, verdict, risk_accepted)
values ($1, $2::integer, $3, $4::jsonb, $5, nullif($6, ''))
returning no;

-- name: by_name_version
select no, hash, state from definition where name = $1 and version = $2::integer;

-- name: by_hash
select no, name, version from definition where hash = $1;

-- name: list
select no, name, version, hash, state, verdict, coalesce(risk_accepted, ''), registered_at::text
from definition order by name, version;

-- name: states
select no, name, version, state from definition order by no;

-- name: read
select no, name, version, state, spec::text from definition where no = $1::integer;

-- name: lock
lock table definition in share row exclusive mode;

-- name: supersede
update definition set state = 'superseded' where name = $1 and state = 'active';

-- name: activate
update definition set state = 'active', activated_at = now() where no = $1::integer;

-- name: retire
update definition set state = 'retired' 
where name = $1 and version = $2::integer and state <> 'retired'
returning no;
