/**
 * Which cloud, and how it is reached: flags, environment, files and defaults laid over each other as the `openstack` command
 * does it. Nothing here reads a file or the environment.
 */
import { AUTH_OPTIONS, OLD_AUTH_OPTIONS } from './auth-options.ts';
import { CloudConfigError } from './cloud-config-error.ts';
import type { CloudFiles, Environment } from './cloud-files.ts';
import { Clouds, describing } from './known-clouds.ts';
import { type Entries, lay, text } from './layers.ts';
import { toBoolean } from './yaml.ts';

export interface CloudQuestion {
  files: CloudFiles;
  env: Environment;
  /** Flags, named as in clouds.yaml, for example `cloud`, `region_name`, `auth_url`. They beat everything; empty ones are not given. */
  options?: Readonly<Record<string, string | boolean | undefined>>;
  /**
   * `command`: a cloud of the file is taken with what the environment says about users and secrets laid over it, as the
   * `openstack` command does. `library`: the environment counts only where no cloud is named, as in openstacksdk.
   * Default: `command`.
   */
  precedence?: 'command' | 'library';
}

export interface CloudConfig {
  /** Of the file; `envvars` when the environment describes it, `defaults` when nothing does. */
  name: string;
  regionName: string | null;
  /** As keystoneauth names it: `password`, `v3applicationcredential`, … */
  authType: string;
  /** What the authentication type takes, `auth_url` included. */
  auth: Readonly<Record<string, string>>;
  /** Of endpoints: `public`, `internal`, `admin`. */
  interface: string;
  /** Of servers' certificates. */
  verify: boolean;
  /** Paths. */
  cacert: string | null;
  cert: string | null;
  key: string | null;
  /** Of one request, in seconds. */
  apiTimeout: number | null;
  /** Everything else that is text, for example `load_balancer_endpoint_override`. */
  settings: Readonly<Record<string, string>>;
  /** Key → where it came from; those of `auth` are named `auth.username`. */
  sources: Readonly<Record<string, string>>;
  /** Sentences. */
  warnings: readonly string[];
}

/** Beside those of authentication: what a variable says also about a cloud of the file. */
const COMMAND_OPTIONS = ['region_name', 'cacert', 'cert', 'key', 'interface', 'auth_type', 'default_domain'];

/** @throws CloudConfigError */
export function resolveCloud({ files, env, options = {}, precedence = 'command' }: CloudQuestion): CloudConfig {
  const warnings = [...files.warnings];
  const flags = given(options, 'the command line');
  const known = new Clouds(files, env, warnings);
  const name = text(flags.get('cloud')) ?? known.usual;
  flags.delete('cloud');

  const [top, auth] = known.base(name);
  const variables = precedence === 'command' ? commandVariables(env) : (new Map() as Entries);
  chooseRegion(known, name, top, auth, flags, variables);

  // Names of projects and domains of the file stay, unless a flag says otherwise; other variables beat the file.
  oldNames(top);
  oldNames(auth);
  for (const [key, entry] of variables) {
    if (!STAYING.has(key)) (AUTH_OPTIONS.has(key) ? auth : top).set(key, entry);
    else if (!auth.has(key)) auth.set(key, entry);
  }
  oldNames(flags);
  for (const [key, entry] of flags) (AUTH_OPTIONS.has(key) ? auth : top).set(key, entry);
  for (const [key, entry] of top) {
    if (!AUTH_OPTIONS.has(key)) continue;
    if (precedence === 'command' && !STAYING.has(key) ? !variables.has(key) && !flags.has(key) : !auth.has(key))
      auth.set(key, entry);
    top.delete(key);
  }
  domains(top, auth);
  inferType(top, auth);
  if (precedence === 'command') defaultDomain(top, auth);
  placeholders(top, auth);
  return answer(name, top, auth, warnings);
}

/** Where a variable does not beat the file: scopes belong together, and one half of each would be nonsense. */
const STAYING = new Set([
  'project_id',
  'project_name',
  'domain_id',
  'domain_name',
  'user_domain_id',
  'user_domain_name',
  'project_domain_id',
  'project_domain_name',
  'token',
]);

/** What the variables say about a cloud of the file. */
function commandVariables(env: Environment): Entries {
  const entries: Entries = new Map();
  for (const [key, entry] of describing(env)) {
    const isKnown =
      AUTH_OPTIONS.has(key) || COMMAND_OPTIONS.includes(key) || /_(endpoint_override|api_version)$/.test(key);
    if (isKnown) entries.set(key, entry);
  }
  for (const key of ['project_name', 'project_id']) {
    const old = env[`OS_${key.replace('project', 'tenant').toUpperCase()}`];
    if (old && !entries.has(key))
      entries.set(key, { value: old, from: `OS_${key.replace('project', 'tenant').toUpperCase()}` });
  }
  return entries;
}

function given(options: NonNullable<CloudQuestion['options']>, from: string): Entries {
  const entries: Entries = new Map();
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined || value === '') continue;
    entries.set(key.replaceAll('-', '_').replace(/^os_/, ''), { value: String(value), from });
  }
  return entries;
}

function chooseRegion(
  clouds: Clouds,
  name: string,
  top: Entries,
  auth: Entries,
  flags: Entries,
  variables: Entries,
): void {
  const wanted = flags.get('region_name') ?? variables.get('region_name');
  const regions = clouds.regions(name);
  const chosen = wanted === undefined ? regions[0] : regions.find((region) => region.name === text(wanted));
  // What the environment says of its own cloud is a wish, not a list.
  if (chosen === undefined && wanted !== undefined && regions.length > 0 && !clouds.isOwn(name)) {
    throw new CloudConfigError(
      `Region ${text(wanted)} is not a valid region name for cloud ${name}. Valid choices are ` +
        `${regions.map((region) => region.name).join(',')}. Names of regions are case sensitive.`,
    );
  }
  for (const entries of [flags, variables, top]) entries.delete('region_name');
  if (wanted !== undefined) top.set('region_name', wanted);
  else if (chosen !== undefined) top.set('region_name', { value: chosen.name, from: chosen.from });
  if (chosen !== undefined) lay(chosen.values, chosen.from, top, auth);
}

/** Names that other programs had. The present one wins where both are given. */
function oldNames(entries: Entries): void {
  for (const [key, entry] of [...entries]) {
    const present = key.endsWith('endpoint_type')
      ? key.replace('endpoint_type', 'interface')
      : (OLD_AUTH_OPTIONS[key] ?? (key === 'auth_plugin' ? 'auth_type' : key));
    if (present === key) continue;
    entries.delete(key);
    // A default is not given.
    if (!entries.has(present) || entries.get(present)?.from === 'default') entries.set(present, entry);
  }
  for (const [key, entry] of [...entries]) {
    if (!key.endsWith('timeout') || key === 'timeout' || key === 'api_timeout') continue;
    entries.delete(key);
    entries.set('api_timeout', entry);
  }
}

/** A domain given once is that of the user and of the project, where there is a project. */
function domains(top: Entries, auth: Entries): void {
  const isOfProject = auth.has('project_id') || auth.has('project_name');
  for (const part of ['id', 'name']) {
    const entry = auth.get(`domain_${part}`);
    if (entry === undefined || !isOfProject) continue;
    for (const whose of ['user', 'project']) {
      if (!auth.has(`${whose}_domain_${part}`)) auth.set(`${whose}_domain_${part}`, entry);
    }
    auth.delete(`domain_${part}`);
  }
  top.delete('domain_id');
  top.delete('domain_name');
}

/** Where nobody names a type, what is given tells it. */
function inferType(top: Entries, auth: Entries): void {
  const type = top.get('auth_type');
  const value = text(type);
  if (value === 'token_endpoint') top.set('auth_type', { ...type!, value: 'admin_token' });
  if (value === undefined || /^(none|null)$/i.test(value))
    top.set('auth_type', { value: 'none', from: type?.from ?? 'default' });
  if (type?.from !== 'default') return;
  const inferred =
    auth.has('username') || auth.has('user_id')
      ? null
      : auth.has('application_credential_id')
        ? 'v3applicationcredential'
        : auth.has('token') && auth.has('endpoint')
          ? 'admin_token'
          : auth.has('token')
            ? 'token'
            : null;
  if (inferred !== null) top.set('auth_type', { value: inferred, from: 'what is given' });
}

/** Only where version 3 is asked for, for the versions before it have none. */
function defaultDomain(top: Entries, auth: Entries): void {
  const entry = top.get('default_domain') ?? { value: 'default', from: 'default' };
  if (text(top.get('identity_api_version')) !== '3') return;
  if (!['password', 'v3password', 'v3totp'].includes(text(top.get('auth_type')) ?? '')) return;
  for (const whose of ['user', 'project']) {
    const isGiven = auth.has(`${whose}_domain_id`) || auth.has(`${whose}_domain_name`);
    if (!isGiven) auth.set(`${whose}_domain_id`, entry);
  }
}

/** `{region_name}` and the like. */
function placeholders(top: Entries, auth: Entries): void {
  const fill = (value: string): string =>
    value.replace(/\{(\w+)\}/g, (whole, key: string) => text(top.get(key)) ?? whole);
  for (const [key, entry] of [...top]) {
    if (typeof entry.value === 'string' && key !== 'password') top.set(key, { ...entry, value: fill(entry.value) });
  }
  const url = auth.get('auth_url');
  if (typeof url?.value === 'string') auth.set('auth_url', { ...url, value: fill(url.value) });
}

/** Timers cannot wait longer than 2^32 ms. */
const LONGEST_TIMEOUT_S = 4_294_967;

function answer(name: string, top: Entries, auth: Entries, warnings: string[]): CloudConfig {
  const sources: Record<string, string> = {};
  const texts = (entries: Entries, prefix = ''): Record<string, string> => {
    const all: Record<string, string> = {};
    for (const [key, { value, from }] of entries) {
      if (Array.isArray(value) && prefix !== '') all[key] = value.filter((one) => typeof one === 'string').join(',');
      else if (typeof value === 'string') all[key] = value;
      else continue;
      sources[prefix + key] = from;
    }
    return all;
  };
  const {
    region_name,
    auth_type,
    interface: its,
    verify,
    insecure,
    cacert,
    cert,
    key,
    api_timeout,
    ...settings
  } = texts(top);
  const isVerified = !toBoolean(insecure) && toBoolean(verify ?? 'true');
  if (!isVerified && cacert !== undefined) {
    warnings.push(`cacert ${cacert} has no effect: the certificates of servers are not verified.`);
  }
  const seconds = Number(api_timeout ?? Number.NaN);
  return {
    name,
    regionName: region_name ?? null,
    authType: auth_type ?? 'password',
    auth: texts(auth, 'auth.'),
    interface: (its ?? 'public').replace(/URL$/, ''),
    verify: isVerified,
    cacert: cacert ?? null,
    cert: cert ?? null,
    key: key ?? null,
    apiTimeout: seconds > 0 ? Math.min(seconds, LONGEST_TIMEOUT_S) : null,
    settings,
    sources,
    warnings,
  };
}

/** A setting of one service, such as `endpoint_override`: under its type, else its other names. */
export function serviceSetting(config: CloudConfig, types: readonly string[], key: string): string | null {
  const names = types.map((type) => `${type.replaceAll('-', '_')}_${key}`);
  const found = names.find((name) => config.settings[name] !== undefined);
  return found === undefined ? null : (config.settings[found] ?? null);
}
