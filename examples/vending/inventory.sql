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
-- What is sold at what price is as in rules.hpp; one slot is empty, the others never are.
insert into slot
  select no, case no when 38 then 9900 else 100 + 10 * (no % 8) end,
         case no when 40 then 0 else 1000000000 end
    from generate_series(1, 40) no;
