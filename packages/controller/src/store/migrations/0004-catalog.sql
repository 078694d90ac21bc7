-- What deleted load balancers refer to once their flavor or zone is gone. Never shown.
insert into flavor_profile (id, name, provider_name, flavor_data)
values ('00000000-0000-0000-0000-000000000000', 'DELETED-PLACEHOLDER', 'DELETED', '{}');
insert into flavor (id, name, description, enabled, flavor_profile_id)
values ('00000000-0000-0000-0000-000000000000', 'DELETED-PLACEHOLDER', 'Stands in for deleted flavors.', false,
  '00000000-0000-0000-0000-000000000000');
insert into availability_zone_profile (id, name, provider_name, availability_zone_data)
values ('00000000-0000-0000-0000-000000000000', 'DELETED-PLACEHOLDER', 'DELETED', '{}');
insert into availability_zone (name, description, enabled, availability_zone_profile_id)
values ('00000000-0000-0000-0000-000000000000', 'Stands in for deleted zones.', false,
  '00000000-0000-0000-0000-000000000000');

create index on flavor (flavor_profile_id);
create index on availability_zone (availability_zone_profile_id);
create index on load_balancer (flavor_id) where flavor_id is not null;
create index on load_balancer (availability_zone) where availability_zone is not null;

-- An index whose predicate names the status makes every change of status write all indexes of the row again. DELETED rows
-- are purged, so leaving them out saved little.
drop index load_balancer_created_at_id_idx;
drop index load_balancer_project_id_created_at_id_idx;
create index load_balancer_created_at_id_idx on load_balancer (created_at, id);
create index load_balancer_project_id_created_at_id_idx on load_balancer (project_id, created_at, id);

-- Every row changes its status right after it was written: with room on its page the change touches no index.
alter table load_balancer set (fillfactor = 60);
alter table listener set (fillfactor = 60);
alter table pool set (fillfactor = 60);
alter table member set (fillfactor = 60);
alter table health_monitor set (fillfactor = 60);
-- One row per project, changed by every create of the project.
alter table quota set (fillfactor = 20);
