create table payment (
  id text primary key,
  order_id text not null,
  amount_cents bigint not null check (amount_cents > 0),
  by_customer boolean not null default false  -- paid at the till, not charged by a saga
);
create index payment_order on payment (order_id);
create table refund (
  payment_id text primary key references payment,  -- so a payment is refunded once
  amount_cents bigint not null check (amount_cents > 0)
);
