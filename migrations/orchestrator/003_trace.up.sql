-- Which trace a saga belongs to: what its start brought.
alter table saga add column trace bytea;
comment on column saga.trace is
  'W3C trace context of the start: trace id (16 bytes), span (8), flags (1); null: it had none.';
