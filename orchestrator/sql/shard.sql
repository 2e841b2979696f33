-- name: fence
-- Proves that this owner still owns what it read, and moves on; no row = division by zero, which
-- aborts the whole batch. The answer is the batch's time for what follows.
with moved as (
  update shard set next_offset = $4::bigint[], next_no = $5::bigint, swept_no = $6::bigint
  where id = $1::smallint and epoch = $2::bigint and next_offset = $3::bigint[]
  returning 1)
select (extract(epoch from clock_timestamp()) * 1000)::bigint / count(*) from moved;

-- name: take_over
update shard set epoch = epoch + 1 where id = $1::smallint
returning epoch, next_offset, next_no, swept_no,
  (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms;

-- name: take_over_again
-- After a fence failed or a commit's answer was lost: only if nobody else took over meanwhile.
update shard set epoch = epoch + 1 where id = $1::smallint and epoch = $2::bigint
returning epoch, next_offset, next_no, swept_no,
  (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms;

-- name: now
select (extract(epoch from clock_timestamp()) * 1000)::bigint;

-- name: add
insert into shard(id, next_offset)
select i, array_fill(-1::bigint, array[(select max(no) from topic)::int])
from generate_series(0, $1::int - 1) i
on conflict (id) do nothing;

-- name: count
select count(*) from shard;

-- name: start_offset
-- Writes where shard $1 starts to read topic number $2. Numbers are dense: there is no hole.
update shard set next_offset[$2::int] = $3::bigint where id = $1::smallint;
