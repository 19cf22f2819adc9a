-- Subscriptions, within a transaction that is not committed.
set client_min_messages = error;
begin;
create subscription sub_one connection 'host=nowhere dbname=x' publication pub_one, pub_two with (connect = false, enabled = false, slot_name = none);
create subscription sub_two connection 'host=nowhere' publication pub_three with (connect = false, slot_name = 'my_slot', binary = true, streaming = parallel, two_phase = true, disable_on_error = true, password_required = false, run_as_owner = true, origin = none, failover = true);
alter subscription sub_two skip (lsn = '0/1234');
comment on subscription sub_one is 'listens';
