create table slot (
  no integer primary key,
  price_cents bigint not null,
  stock bigint not null check (stock >= 0)
);
create table reservation (
  id text primary key,
  order_id text not null,
  slot integer not null references slot,
  released boolean not null default false
);
create index reservation_order on reservation (order_id);
