alter table saga drop column trace;
