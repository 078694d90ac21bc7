/** The clouds of the files and the one of the environment, with their profiles and regions. */
import { CloudConfigError } from './cloud-config-error.ts';
import type { CloudFiles, Environment } from './cloud-files.ts';
import { type Entries, lay, merge, normalized } from './layers.ts';
import { isMapping, type Mapping, type Value } from './yaml.ts';

const DEFAULTS: Readonly<Record<string, string>> = { auth_type: 'password', interface: 'public', verify: 'true' };

/** Choose a cloud or change how it is looked for; they do not describe one. */
const SELECTORS = ['OS_CLOUD', 'OS_REGION_NAME', 'OS_CLIENT_CONFIG_FILE', 'OS_CLIENT_SECURE_FILE', 'OS_CLOUD_NAME'];
/** Variables of test suites that happen to begin with OS_. */
const FOREIGN = /^OS_(TEST|STD|LOG)/;

/** The clouds that there are. */
export class Clouds {
  /** Name → what the files say, secrets included. */
  readonly #clouds: Mapping;
  readonly #files: CloudFiles;
  readonly #env: Environment;
  readonly #warnings: string[];
  /** Name of the cloud that the environment describes. */
  readonly #own: string;
  /** The one that is taken when none is named. */
  readonly usual: string;

  constructor(files: CloudFiles, env: Environment, warnings: string[]) {
    this.#files = files;
    this.#env = env;
    this.#warnings = warnings;
    this.#own = env.OS_CLOUD_NAME || 'envvars';
    this.#clouds = merge(section(files.clouds, 'clouds'), section(files.secure, 'clouds'));
    if (own(this.#clouds, this.#own) !== undefined) {
      throw new CloudConfigError(
        `${files.clouds?.path ?? 'secure.yaml'} has a cloud named ${this.#own}, which is the name of the one that OS_* variables ` +
          'describe. Give that one another name with OS_CLOUD_NAME.',
      );
    }
    const names = Object.keys(this.#clouds);
    const only = names.length === 1 ? names[0] : undefined;
    this.usual = env.OS_CLOUD || (describesCloud(env) ? this.#own : only) || (names.length === 0 ? 'defaults' : '');
  }

  /** @returns what stands outside and what inside of `auth`; @throws CloudConfigError when it does not exist */
  base(name: string): [top: Entries, auth: Entries] {
    const entry = this.#entry(name);
    const top: Entries = new Map(Object.entries(DEFAULTS).map(([key, value]) => [key, { value, from: 'default' }]));
    const auth: Entries = new Map();
    const profile = this.#profile(name, entry);
    if (profile !== null) lay(profile.content, profile.from, top, auth);
    if (name === this.#own) {
      for (const [key, one] of describing(this.#env)) top.set(key, one);
    } else {
      for (const [content, from] of this.#layers(name)) lay(content, from, top, auth);
    }
    for (const key of ['cloud', 'profile', 'regions']) top.delete(key);
    return [top, auth];
  }

  /** Regions that may be named, the usual one first; empty: any. */
  regions(name: string): { name: string; values: Mapping; from: string }[] {
    const own = normalized(this.#entry(name));
    const profile = this.#profile(name, own);
    const [entry, from] =
      own.regions != null || own.region_name != null || profile === null
        ? [own, this.#origin(name)]
        : [normalized(profile.content), profile.from];
    const listed = Array.isArray(entry.regions) ? entry.regions : String(entry.region_name ?? '').split(',');
    if (!Array.isArray(entry.regions) && listed.length > 1) {
      this.#warnings.push(`${from}: a list of regions belongs into "regions", not into "region_name".`);
    }
    return listed.filter((region) => region !== '').map((region) => expanded(region, from));
  }

  isOwn(name: string): boolean {
    return name === this.#own;
  }

  #entry(name: string): Mapping {
    if (name === this.#own && describesCloud(this.#env)) {
      return Object.fromEntries([...describing(this.#env)].map(([key, { value }]) => [key, value]));
    }
    if (name === 'defaults' && Object.keys(this.#clouds).length === 0) return {};
    const entry = own(this.#clouds, name);
    const names = Object.keys(this.#clouds).join(', ');
    if (name === '')
      throw new CloudConfigError(`There are several clouds: choose one with --os-cloud or OS_CLOUD: ${names}.`);
    if (entry === undefined)
      throw new CloudConfigError(`Cloud ${name} was not found.${names === '' ? '' : ` There are: ${names}.`}`);
    return isMapping(entry) ? entry : {};
  }

  #origin(name: string): string {
    return name === this.#own ? 'OS_REGION_NAME' : (this.#files.clouds?.path ?? this.#files.secure?.path ?? 'default');
  }

  #layers(name: string): [Mapping, string][] {
    return [this.#files.clouds, this.#files.secure].flatMap((file) => {
      const content = own(section(file, 'clouds'), name);
      return file !== null && isMapping(content) ? [[content, file.path] as [Mapping, string]] : [];
    });
  }

  #profile(name: string, entry: Mapping): { content: Mapping; from: string } | null {
    // `cloud` is what it was called at first.
    const profile = entry.profile ?? entry.cloud;
    if (typeof profile !== 'string' || profile === '' || profile === this.#own) return null;
    const content = own(section(this.#files.vendors, 'public-clouds'), profile);
    if (isMapping(content)) return { content, from: `profile ${profile} of ${this.#files.vendors?.path}` };
    const where = /^https?:/.test(profile)
      ? 'Profiles are not fetched over the network; copy it into clouds-public.yaml.'
      : 'Profiles are looked for in clouds-public.yaml.';
    const warning = `The profile ${profile} of the cloud ${name} was not found. ${where}`;
    if (!this.#warnings.includes(warning)) this.#warnings.push(warning);
    return null;
  }
}

/** A cloud may be called `constructor`. */
const own = (mapping: Mapping, name: string): Value | undefined =>
  Object.hasOwn(mapping, name) ? mapping[name] : undefined;

const section = (file: { content: Mapping } | null, key: string): Mapping => {
  const content = file?.content[key];
  return isMapping(content) ? content : {};
};

const describesCloud = (env: Environment): boolean =>
  Object.keys(env).some((key) => key.startsWith('OS_') && !FOREIGN.test(key) && !SELECTORS.includes(key));

/** What the variables say about a cloud of their own: all of them, under their names without OS_. */
export const describing = (env: Environment): Entries =>
  new Map(
    Object.entries(env)
      .filter(([key, value]) => key.startsWith('OS_') && !FOREIGN.test(key) && value)
      .map(([key, value]) => [key.slice(3).toLowerCase(), { value: value ?? '', from: key }]),
  );

function expanded(region: Value, from: string): { name: string; values: Mapping; from: string } {
  if (typeof region === 'string') return { name: region, values: {}, from };
  const { name, values = {} } = isMapping(region) ? region : {};
  if (typeof name !== 'string' || Object.keys(Object(region)).some((key) => key !== 'name' && key !== 'values')) {
    throw new CloudConfigError(
      `${from}: a region is a name, or has the keys "name" and "values": ${JSON.stringify(region)}`,
    );
  }
  return { name, values: isMapping(values) ? values : {}, from: `region ${name} of ${from}` };
}
