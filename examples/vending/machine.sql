create table drink (
  order_id text not null,
  slot integer not null,
  fell_at timestamptz not null default now()
);
create index drink_order on drink (order_id);  -- not unique: the audit counts
