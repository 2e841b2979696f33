-- What people read with psql. The service itself never reads a view.

create function text_of(bytes bytea) returns text language plpgsql immutable as $$
begin
  return convert_from(bytes, 'UTF8');
exception when others then
  return encode(bytes, 'escape');
end $$;
comment on function text_of is 'Bytes as text; what is not UTF-8 is shown escaped.';

create function time_of(at_ms bigint) returns timestamptz language sql immutable as
  $$ select case when at_ms <> 0 then timestamptz 'epoch' + at_ms * interval '1 millisecond' end $$;

create function phase_name(phase smallint) returns text language sql immutable as
  $$ select (array['parked', 'running', 'aborting', 'completed', 'aborted'])[phase + 1] $$;

create function facet_name(facet smallint) returns text language sql immutable as
  $$ select (array['parked', 'running', 'aborting', 'paused', 'stuck',
                   'surplus open'])[facet + 1] $$;

create view saga_text as
  select s.no, s.id, d.name as definition, d.version, s.key, phase_name(s.phase) as phase,
         facet_name(o.facet) as facet, s.seq, time_of(s.no >> 21) as started_at,
         time_of(s.changed_ms) as changed_at, time_of(s.due_ms) as due_at
  from saga s join definition d on d.no = s.definition left join open o on o.no = s.no;
comment on view saga_text is 'Sagas for people.';

create view journal_text as
  select j.saga_no, j.seq, time_of(j.at_ms) as at,
         (array['start', 'ok', 'declined', 'refused', 'retry', 'undone', 'timer', 'cancel',
                'deadline', 'parking_over', 'pause', 'resume', 'operator_retry', 'operator_settle',
                'operator_done',
                'operator_not_done'])[j.kind + 1] as event,
         case when j.step <> 255 then j.step end as step, j.number, j.occurrence, j.message_id,
         j.type,
         text_of(j.payload) as payload,
         coalesce((array['applied', 'parked', 'held', 'duplicate', 'surplus', 'recorded',
                'conflict', 'refused', 'overflow'])[j.outcome + 1], 'stale') as outcome
  from journal j;
comment on view journal_text is 'Histories for people.';

create view quarantine_text as
  select no, time_of(at_ms) as at, topic, partition, record_offset, text_of(key) as key, reason,
         text_of(payload) as payload, redriven_at
  from quarantine;
comment on view quarantine_text is 'What could not be applied, for people.';
