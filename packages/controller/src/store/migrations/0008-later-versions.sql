-- Attributes that API 2.27 to 2.30 added, and the policies that ports of the stored networks carry.
alter table load_balancer
  add column vip_vnic_type text not null default 'normal',
  add column vip_sg_ids uuid[] not null default '{}';
alter table listener
  add column hsts_max_age integer,
  add column hsts_include_subdomains boolean not null default false,
  add column hsts_preload boolean not null default false;
alter table member add column vnic_type text not null default 'normal';
alter table local_port
  add column qos_policy_id uuid,
  add column security_group_ids uuid[] not null default '{}';
