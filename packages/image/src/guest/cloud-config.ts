/**
 * User data of an amphora: `#cloud-config` with the few modules that load balancers are set up with, or a script. What is
 * unknown is told and left out, for an amphora without one setting is better than none.
 */
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import type { FirstBootPlan, GuestFile } from './first-boot-plan.ts';

export type UserDataPlan = Omit<FirstBootPlan, 'instanceId'>;

const SCRIPT_PATH = '/run/octavia/user-data';
const empty = (): UserDataPlan => ({
  hostname: null,
  timezone: null,
  authorizedKeys: [],
  files: [],
  commands: [],
  warnings: [],
});

/** Names of cloud-init's `write_files`. */
const DECODERS: Readonly<Record<string, (content: Buffer) => Buffer>> = {
  'text/plain': (content) => content,
  b64: fromBase64,
  base64: fromBase64,
  gz: (content) => gunzipSync(content),
  gzip: (content) => gunzipSync(content),
  'gz+b64': (content) => gunzipSync(fromBase64(content)),
  'gzip+b64': (content) => gunzipSync(fromBase64(content)),
  'gz+base64': (content) => gunzipSync(fromBase64(content)),
  'gzip+base64': (content) => gunzipSync(fromBase64(content)),
};

function fromBase64(content: Buffer): Buffer {
  return Buffer.from(content.toString('latin1'), 'base64');
}

/**
 * Both services that can be named are started behind the first boot: they have their files then, and a second start of the
 * agent costs seconds.
 */
const RESTART =
  /^(sudo )?(systemctl (restart|start|reload|try-restart)|service) (rsyslog|amphora-agent|octavia-amphora-agent)(\.service)?( (restart|start|reload))?$/;

/** @throws Error where the whole cannot be read */
export function readUserData(data: Buffer): UserDataPlan {
  const content = data[0] === 0x1f && data[1] === 0x8b ? gunzipSync(data) : data;
  const text = content.toString('utf8');
  if (text.trim() === '') return empty();
  if (text.startsWith('#!')) {
    const script: GuestFile = { path: SCRIPT_PATH, content, mode: 0o700, owner: null, append: false };
    return { ...empty(), files: [script], commands: [SCRIPT_PATH] };
  }
  if (!/^#cloud-config\s*$/m.test(text.split('\n', 1)[0] ?? '')) {
    return { ...empty(), warnings: ['The user data are neither #cloud-config nor a script; they are left out.'] };
  }
  // 1.1 is what cloud-init reads: there 0600 is octal.
  const config: unknown = parse(text, { version: '1.1' });
  if (config === null || config === undefined) return empty();
  if (typeof config !== 'object' || Array.isArray(config)) throw new Error('#cloud-config is no mapping');
  return readCloudConfig(config as Record<string, unknown>);
}

/** @param config of which nothing is known but that it is a mapping */
function readCloudConfig(config: Record<string, unknown>): UserDataPlan {
  const plan = empty();
  for (const [name, value] of Object.entries(config)) {
    if (value === null) continue;
    const read = READERS[name];
    if (read === undefined) plan.warnings.push(`The user data have ${name}, which amphorae do not know.`);
    else read(plan, value);
  }
  return plan;
}

const READERS: Readonly<Record<string, (plan: UserDataPlan, value: unknown) => void>> = {
  write_files: (plan, value) => {
    for (const [index, entry] of asList(value).entries()) {
      try {
        plan.files.push(fileOf(entry));
      } catch (error) {
        plan.warnings.push(`write_files, entry ${index + 1}: ${(error as Error).message}.`);
      }
    }
  },
  runcmd: (plan, value) => {
    for (const entry of asList(value)) {
      if (entry === null) continue;
      const command = Array.isArray(entry) ? entry.map((word) => quoted(String(word))).join(' ') : String(entry);
      const plain = Array.isArray(entry) ? entry.join(' ') : command;
      if (!RESTART.test(plain.trim())) plan.commands.push(command);
    }
  },
  timezone: (plan, value) => {
    if (typeof value === 'string' && /^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/.test(value)) plan.timezone = value;
    else plan.warnings.push(`timezone: ${JSON.stringify(value)} is no name of a time zone.`);
  },
  hostname: (plan, value) => {
    plan.hostname = String(value);
  },
  ssh_authorized_keys: (plan, value) => {
    plan.authorizedKeys.push(...asList(value).map((key) => String(key).trim()));
  },
};

const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

/** One word of a shell. */
const quoted = (word: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** @throws Error that says what is wrong, without a full stop */
function fileOf(entry: unknown): GuestFile {
  const { path, content = '', encoding = 'text/plain', permissions, owner, append } = Object(entry);
  if (typeof path !== 'string' || !path.startsWith('/')) throw new Error('it has no absolute path');
  const decode =
    DECODERS[
      String(encoding ?? 'text/plain')
        .trim()
        .toLowerCase()
    ];
  if (decode === undefined) throw new Error(`the encoding ${String(encoding)} is not known`);
  return {
    path,
    // `!!binary` gives bytes.
    content: decode(content instanceof Uint8Array ? Buffer.from(content) : Buffer.from(String(content ?? ''))),
    mode: modeOf(permissions),
    owner: owner === undefined || owner === null ? null : String(owner),
    append: append === true,
  };
}

/** `'0644'`, `0o644`, or what YAML makes of 0644. */
function modeOf(permissions: unknown): number | null {
  if (permissions === undefined || permissions === null) return null;
  const mode =
    typeof permissions === 'number'
      ? permissions
      : /^(0o)?[0-7]{3,5}$/.test(String(permissions))
        ? Number.parseInt(String(permissions).replace('0o', ''), 8)
        : Number.NaN;
  if (!(mode >= 0 && mode <= 0o7777)) throw new Error(`the permissions ${String(permissions)} are no octal number`);
  return mode;
}
