-- name: bounds
-- What is measured must not become a burden itself.
set statement_timeout = '2s';

-- name: open_sagas
-- By definition and facet: how many, and how old the oldest is. Only what has a row in open.
select d.name, facet_name(o.facet), count(*),
       (extract(epoch from clock_timestamp()) * 1000)::bigint - min(o.no >> 21)
from open o join saga s on s.no = o.no join definition d on d.no = s.definition
group by d.name, o.facet;

-- name: quarantined
select count(*) from quarantine where redriven_at is null;

-- name: now
select extract(epoch from clock_timestamp());
