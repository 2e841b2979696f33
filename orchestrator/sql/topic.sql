-- name: all
select no, name, partitions from topic order by no;

-- name: lock
lock table topic in share row exclusive mode;

-- name: add
-- Numbers are dense: they are positions in shard.next_offset.
insert into topic(no, name, partitions, forward_from)
select coalesce(max(no), 0) + 1, $1, $2::integer, $3::bigint[] from topic
on conflict (name) do nothing
returning no;

-- name: forwarded
select name, partitions, array_to_string(forward_from, ' ') from topic
where forward_from is not null order by no;

-- name: known
select count(*) from topic where name = $1;
