-- How a tenant wrote an address, where that is not how addresses are compared: answers show it. Null: as it is compared.
-- Additional VIPs carry theirs in their JSON.
alter table member add column given_address text, add column given_monitor_address text;
alter table listener add column given_cidrs text[];
alter table load_balancer add column given_vip_address text;
