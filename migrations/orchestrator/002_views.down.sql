drop view quarantine_text, journal_text, saga_text;
drop function facet_name(smallint), phase_name(smallint), time_of(bigint), text_of(bytea);
