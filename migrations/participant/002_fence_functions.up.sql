-- The fence as two functions, for participants in any language: the table of docs/contract.md, in
-- the caller's transaction. skald::participant does the same by itself, for whole batches.

-- What to do with a message: its ce_id, ce_correlationid, ce_sagastep, ce_sagakind, its
-- ce_sagaoccurrence or ''; whether its type is a pivot's fence; its value. Returns, in order:
--   run                     call the command's handler, then fence_remember, and answer
--   undo                    call the undo's handler with `reply`, the remembered one; null when
--                           the effect is not in these books
--   ok, declined, undone, refused        the answer, with its type ('' for none) and its data
-- No row: the message makes no sense.
create function fence_ask(id text, saga text, its_step text, kind text, named text, pivot boolean,
  word bytea)
returns table (verdict text, reply_type text, reply bytea) language plpgsql as $$
declare
  own fence;
  given jsonb;
  its_saga uuid;
  its_name text := case when kind = 'do' or named = saga || '/' || its_step || '/do/0'
                        then '' else named end;
begin
  if saga !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' or its_step = ''
     or not starts_with(id, saga || '/' || its_step || '/' || kind || '/')
     or substr(id, length(saga || its_step || kind) + 4) !~ '^[0-9]+$'
     or kind not in ('do', 'undo', 'settle') then
    return;
  end if;
  its_saga := saga::uuid;
  -- Locked, so that another process that answers the same step waits here.
  perform from fence f where f.saga_id = its_saga and f.step = its_step for update;
  its_name := coalesce((select max(f.occurrence) from fence f where f.saga_id = its_saga
    and f.step = its_step and its_name <> '' and its_name in (f.occurrence, f.effect)), its_name);

  if kind = 'settle' then  -- an operator's word, whatever the row was
    begin
      given := convert_from(word, 'UTF8')::jsonb;
    exception when others then
      return;
    end;
    if coalesce(given->>'row', '') not in ('undone', 'fenced', 'done') then
      return;
    end if;
    insert into fence as f (saga_id, step, occurrence, state)
      values (its_saga, its_step, its_name, given->>'row')
      on conflict (saga_id, step, occurrence) do update set state = excluded.state;
    if jsonb_typeof(given->'type') = 'string' and given->>'type' <> '' then
      update fence f set reply_type = given->>'type',
             reply = convert_to(coalesce((given->'reply')::text, '{}'), 'UTF8')
       where f.saga_id = its_saga and f.step = its_step and f.occurrence = its_name;
    end if;
  elsif kind = 'undo' and named <> '' then
    if pivot then
      return;
    end if;
    insert into fence (saga_id, step, occurrence, state)
      values (its_saga, its_step, its_name, 'undone') on conflict do nothing;
    if found then
      return query select 'undo', '', null::bytea;
    end if;
  elsif kind = 'undo' then
    insert into fence as f (saga_id, step, state) values (its_saga, its_step, 'fenced')
      on conflict (saga_id, step, occurrence)
      do update set state = 'fenced' where f.state = 'declined';
  end if;

  if kind = 'undo' and not pivot then
    return query
      update fence f set state = 'undone'
       where f.saga_id = its_saga and f.step = its_step and f.state = 'done'
         and (named = '' or f.occurrence = its_name)
      returning 'undo', f.reply_type, coalesce(nullif(f.reply, ''), '{}');
  end if;

  select * into own from fence f
   where f.saga_id = its_saga and f.step = its_step and f.occurrence = its_name;
  if kind = 'do' and own.state is null then
    return query select 'run', '', ''::bytea;
  elsif own.state = 'done' or (own.state = 'declined' and kind = 'do') then
    return query select case own.state when 'done' then 'ok' else own.state end, own.reply_type,
      own.reply;
  else
    return query select case kind when 'do' then 'refused' else 'undone' end, '', ''::bytea;
  end if;
end $$;

-- Keeps a handler's answer; `retry` is never kept. Fails when another process has kept one
-- meanwhile: the transaction must be rolled back and run again.
create function fence_remember(its_saga uuid, its_step text, outcome text, its_effect text,
  its_reply_type text, its_reply bytea)
returns void language sql as $$
  insert into fence (saga_id, step, state, effect, reply_type, reply)
  select its_saga, its_step, case outcome when 'ok' then 'done' else outcome end, its_effect,
         its_reply_type, its_reply
   where outcome <> 'retry'
$$;
