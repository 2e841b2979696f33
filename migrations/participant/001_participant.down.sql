drop table set_aside;
drop table inbox;
drop table fence;
