/** Every section and option the controller reads, and the types of their values. */
import type { Option, Rule, ValueOf } from './option.ts';
import { amphora_agent } from './sections/amphora_agent.ts';
import { api_settings } from './sections/api_settings.ts';
import { audit } from './sections/audit.ts';
import { audit_middleware_notifications } from './sections/audit_middleware_notifications.ts';
import { certificates } from './sections/certificates.ts';
import { cinder } from './sections/cinder.ts';
import { compute } from './sections/compute.ts';
import { controller_worker } from './sections/controller_worker.ts';
import { cors } from './sections/cors.ts';
import { database } from './sections/database.ts';
import { DEFAULT } from './sections/default.ts';
import { driver_agent } from './sections/driver_agent.ts';
import { glance } from './sections/glance.ts';
import { haproxy_amphora } from './sections/haproxy_amphora.ts';
import { health_manager } from './sections/health_manager.ts';
import { healthcheck } from './sections/healthcheck.ts';
import { house_keeping } from './sections/house_keeping.ts';
import { keepalived_vrrp } from './sections/keepalived_vrrp.ts';
import { keystone_authtoken } from './sections/keystone_authtoken.ts';
import { local_cloud } from './sections/local_cloud.ts';
import { networking } from './sections/networking.ts';
import { neutron } from './sections/neutron.ts';
import { nova } from './sections/nova.ts';
import { oslo_messaging } from './sections/oslo_messaging.ts';
import { oslo_messaging_amqp } from './sections/oslo_messaging_amqp.ts';
import { oslo_messaging_kafka } from './sections/oslo_messaging_kafka.ts';
import { oslo_messaging_notifications } from './sections/oslo_messaging_notifications.ts';
import { oslo_messaging_rabbit } from './sections/oslo_messaging_rabbit.ts';
import { oslo_middleware } from './sections/oslo_middleware.ts';
import { oslo_policy } from './sections/oslo_policy.ts';
import { oslo_reports } from './sections/oslo_reports.ts';
import { quotas } from './sections/quotas.ts';
import { service_auth } from './sections/service_auth.ts';
import { task_flow } from './sections/task_flow.ts';

export const REGISTRY = {
  DEFAULT,
  amphora_agent,
  api_settings,
  audit,
  audit_middleware_notifications,
  certificates,
  cinder,
  compute,
  controller_worker,
  cors,
  database,
  driver_agent,
  glance,
  haproxy_amphora,
  health_manager,
  healthcheck,
  house_keeping,
  keepalived_vrrp,
  keystone_authtoken,
  local_cloud,
  networking,
  neutron,
  nova,
  oslo_messaging,
  oslo_messaging_amqp,
  oslo_messaging_kafka,
  oslo_messaging_notifications,
  oslo_messaging_rabbit,
  oslo_middleware,
  oslo_policy,
  oslo_reports,
  quotas,
  service_auth,
  task_flow,
};

type Registry = typeof REGISTRY;
export type SectionName = keyof Registry;

type Options<S extends SectionName> = Registry[S]['options'];

/** Values by section and option, as `config.api_settings.bind_port`; null is an option that is unset. */
export type ConfigValues = {
  readonly [S in SectionName]: { readonly [O in keyof Options<S>]: ValueOf<Options<S>[O]> };
};

/** Some values, typed already. An `undefined` counts as not given. */
export type ConfigOverrides = {
  readonly [S in SectionName]?: { readonly [O in keyof Options<S>]?: ValueOf<Options<S>[O]> | undefined } | undefined;
};

export interface RegisteredOption {
  section: SectionName;
  name: string;
  option: Option<unknown>;
  /** What other options of the section have to do with it. */
  rule: Rule<unknown, unknown> | null;
}

/** All options in the order of the registry. */
export function registeredOptions(): RegisteredOption[] {
  return (Object.keys(REGISTRY) as SectionName[]).flatMap((section) => {
    const rules: Readonly<Record<string, Rule<unknown, unknown>>> = REGISTRY[section].rules;
    return Object.entries<Option<unknown>>(REGISTRY[section].options).map(([name, option]) => {
      return { section, name, option, rule: rules[name] ?? null };
    });
  });
}
