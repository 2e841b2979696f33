-- name: lock
select pg_advisory_xact_lock(7305003);

-- name: try_lock
select pg_try_advisory_lock(7305002);

-- name: unlock
select pg_advisory_unlock(7305002);

-- name: held_back
-- Sagas of a range of numbers that must stay: not finished, of something open, or still remembered.
select exists (
  select from saga s left join open o on o.no = s.no
  where s.no >= $1::bigint and s.no < $2::bigint
    and (s.phase not in (3, 4) or o.no is not null or s.changed_ms >= $3::bigint));

-- name: delete_sagas
-- The same condition again, row by row: an event may have come since.
with gone as (
  select s.no from saga s
  where s.no >= $1::bigint and s.no < $2::bigint and s.phase in (3, 4) and s.changed_ms < $3::bigint
    and not exists (select from open o where o.no = s.no)
  order by s.no limit $4::integer for update skip locked)
delete from saga s using gone where s.no = gone.no;

-- name: left
select count(*) from saga where no >= $1::bigint and no < $2::bigint;

-- name: statements
select format('create table %I (like journal including defaults including constraints '
              'including indexes)', $1::text),
       format('alter table journal attach partition %I for values from (%s) to (%s)',
              $1::text, $2::bigint, $3::bigint),
       format('alter table journal detach partition %I concurrently', $1::text),
       format('drop table %I', $1::text),
       format('alter table journal detach partition %I finalize', $1::text);

-- name: leftovers
-- Partitions that a job was detaching, or had detached and not dropped, when it died.
select c.relname, coalesce(i.inhdetachpending, false)
from pg_class j
join pg_class c on c.relnamespace = j.relnamespace and c.relkind = 'r'
                   and c.relname ~ '^journal_[0-9]+$'
left join pg_inherits i on i.inhrelid = c.oid and i.inhparent = j.oid
where j.oid = 'journal'::regclass and (i.inhrelid is null or i.inhdetachpending)
order by 1;
