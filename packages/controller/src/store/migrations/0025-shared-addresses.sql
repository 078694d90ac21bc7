-- Where networks are made up an address is never taken: what shares it names its port here. All others have the nil id, so
-- that one index keeps addresses apart, and finds them.
alter table local_port_ip
  add column shared_by uuid not null default '00000000-0000-0000-0000-000000000000',
  drop constraint local_port_ip_unique,
  add constraint local_port_ip_unique unique (subnet_id, ip_address, shared_by);
