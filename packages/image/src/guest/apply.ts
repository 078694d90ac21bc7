/** Carries the first boot out. Everything may be done again: a boot that was cut off begins anew. */
import { appendFile, chmod, chown, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FirstBootPlan, GuestFile } from './first-boot-plan.ts';

/** Operators log in as this user, with the key that Nova knows. */
const USER = 'debian';
export const RUN_COMMANDS = '/run/octavia/run-commands';
const AGENT_CONFIGURATION = '/etc/octavia/amphora-agent.conf';
/** SyslogFacility= of the agent's unit. */
const USUAL_FACILITY = '1';
const FACILITY_DROP_IN = '/etc/systemd/system/octavia-amphora-agent.service.d/facility.conf';

export interface Applied {
  /** Units were changed: systemd has to read them again. */
  unitsChanged: boolean;
}

/** @param root `/` in an amphora; every path is below it */
export async function applyFirstBoot(root: string, plan: FirstBootPlan): Promise<Applied> {
  const at = (path: string): string => join(root, path);
  for (const file of plan.files) await place(root, file);
  if (plan.hostname !== null) await writeHostname(at, plan.hostname);
  if (plan.timezone !== null) await setTimezone(at, plan);
  if (plan.authorizedKeys.length > 0) await authorize(root, plan.authorizedKeys);
  if (plan.commands.length > 0) {
    await mkdir(dirname(at(RUN_COMMANDS)), { recursive: true });
    await writeFile(at(RUN_COMMANDS), plan.commands.map((command) => `${command}\n`).join(''), { mode: 0o700 });
  }
  return { unitsChanged: await setFacility(at) };
}

async function place(root: string, { path, content, mode, owner, append }: GuestFile): Promise<void> {
  const target = join(root, path);
  await mkdir(dirname(target), { recursive: true });
  const [uid, gid] = owner === null ? [null, null] : await idsOf(root, owner);
  const file = append ? target : `${target}.new`;
  if (append) await appendFile(file, content);
  else await writeFile(file, content, { mode: mode ?? 0o644 });
  // What was there, or the mask of new files, may say otherwise.
  if (mode !== null) await chmod(file, mode);
  if (uid !== null) await chown(file, uid, gid);
  if (!append) await rename(file, target);
}

/** A later line of passwd and group does not count. @throws Error for a name that is not there */
async function idsOf(root: string, owner: string): Promise<[number, number]> {
  const [user = '', group = ''] = owner.split(':');
  const [, , uid = '0', ofUser = '0'] = user === '' ? [] : await lineOf(join(root, 'etc/passwd'), user);
  const [, , gid = ofUser] = group === '' ? [] : await lineOf(join(root, 'etc/group'), group);
  return [Number(uid), Number(gid)];
}

async function lineOf(file: string, name: string): Promise<string[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').map((line) => line.split(':'));
  const found = lines.find(([first]) => first === name);
  if (found === undefined) throw new Error(`${name} is not in ${file}`);
  return found;
}

type At = (path: string) => string;

async function writeHostname(at: At, hostname: string): Promise<void> {
  const name = (hostname.split('.')[0] ?? '').replace(/[^A-Za-z0-9-]/g, '-').slice(0, 63);
  await writeFile(at('/etc/hostname'), `${name}\n`);
  await writeFile(at('/etc/hosts'), `127.0.0.1 localhost\n127.0.1.1 ${name}\n::1 localhost ip6-localhost\n`);
}

async function setTimezone(at: At, plan: FirstBootPlan): Promise<void> {
  const zone = `/usr/share/zoneinfo/${plan.timezone}`;
  try {
    await readFile(at(zone));
  } catch {
    plan.warnings.push(`The time zone ${plan.timezone} is not known here; it stays UTC.`);
    return;
  }
  await rm(at('/etc/localtime'), { force: true });
  await symlink(zone, at('/etc/localtime'));
  await writeFile(at('/etc/timezone'), `${plan.timezone}\n`);
}

async function authorize(root: string, keys: readonly string[]): Promise<void> {
  const [, , uid, gid, , home = ''] = await lineOf(join(root, 'etc/passwd'), USER);
  const folder = join(root, home, '.ssh');
  const file = join(folder, 'authorized_keys');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(file, [...new Set(keys)].map((key) => `${key}\n`).join(''), { mode: 0o600 });
  for (const path of [folder, file]) await chown(path, Number(uid), Number(gid));
}

/** The agent prints; systemd knows the facility of what is printed from its unit alone. */
async function setFacility(at: At): Promise<boolean> {
  const text = await readFile(at(AGENT_CONFIGURATION), 'utf8').catch(() => '');
  const facility = /^administrative_log_facility *[=:] *([0-7])\s*$/m.exec(text)?.[1] ?? USUAL_FACILITY;
  if (facility === USUAL_FACILITY) return false;
  await mkdir(dirname(at(FACILITY_DROP_IN)), { recursive: true });
  await writeFile(at(FACILITY_DROP_IN), `[Service]\nSyslogFacility=local${facility}\n`);
  return true;
}
