-- Readers remember what they made of a load balancer by the version of its row (xmin). Ids of its listeners and pools are part
-- of that: when one comes or goes, the row gets a new version too. Nearly always the transaction has written it already.
-- Its plan is kept by every connection: without the setting it would be one for the few rows of the first day.
create function note_child_of_load_balancer() returns trigger language plpgsql set enable_seqscan = off as $$
begin
  update load_balancer set provisioning_status = provisioning_status
  where id = any (array(select distinct load_balancer_id from changed)) and xmin <> pg_current_xact_id()::xid;
  return null;
end $$;

create trigger listener_comes after insert on listener
  referencing new table as changed for each statement execute function note_child_of_load_balancer();
create trigger listener_goes after delete on listener
  referencing old table as changed for each statement execute function note_child_of_load_balancer();
create trigger pool_comes after insert on pool
  referencing new table as changed for each statement execute function note_child_of_load_balancer();
create trigger pool_goes after delete on pool
  referencing old table as changed for each statement execute function note_child_of_load_balancer();
