-- name: put
insert into open(no, shard, facet, since_ms)
select x.no, x.shard, x.facet, $4::bigint
from unnest($1::bigint[], $2::smallint[], $3::smallint[]) x(no, shard, facet)
on conflict (no) do update set facet = excluded.facet;

-- name: remove
delete from open o using unnest($1::bigint[]) x(no) where o.no = x.no;
