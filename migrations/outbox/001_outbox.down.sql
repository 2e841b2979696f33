drop view outbox_debezium;
drop table outbox_rejected;
drop table outbox;
drop function outbox_gate();
