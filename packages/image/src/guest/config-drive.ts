/**
 * The config drive of OpenStack: a small file system with the label `config-2`. `openstack/latest/meta_data.json` names the
 * instance, its keys and the files to place, whose contents lie below `openstack/`; `openstack/latest/user_data` is what the
 * controller adds.
 */
import { readFile } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { readUserData } from './cloud-config.ts';
import type { FirstBootPlan, GuestFile } from './first-boot-plan.ts';

/** Keys of the agent and its authority are among them. */
const FILE_MODE = 0o600;

async function optional(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * @param folder where the drive is mounted
 * @throws Error where it holds no instance; what is wrong beside that is among the warnings
 */
export async function readConfigDrive(folder: string): Promise<FirstBootPlan> {
  const meta = await optional(join(folder, 'openstack/latest/meta_data.json'));
  if (meta === null) throw new Error('The config drive has no openstack/latest/meta_data.json.');
  const data = Object(JSON.parse(meta.toString('utf8')));
  if (typeof data.uuid !== 'string' || data.uuid === '') throw new Error('meta_data.json names no instance (uuid).');
  const plan: FirstBootPlan = {
    instanceId: data.uuid,
    hostname: typeof data.hostname === 'string' ? data.hostname : null,
    timezone: null,
    authorizedKeys: Object.values(Object(data.public_keys)).map((key) => String(key).trim()),
    files: [],
    commands: [],
    warnings: [],
  };
  for (const entry of Array.isArray(data.files) ? data.files : []) await addFile(plan, folder, entry);
  const user = await optional(join(folder, 'openstack/latest/user_data'));
  if (user !== null) addUserData(plan, user);
  return plan;
}

async function addFile(plan: FirstBootPlan, folder: string, entry: unknown): Promise<void> {
  const { path, content_path: contentPath } = Object(entry);
  if (typeof path !== 'string' || !path.startsWith('/') || typeof contentPath !== 'string') {
    plan.warnings.push(`files of meta_data.json: ${JSON.stringify(entry)} has no path and content_path.`);
    return;
  }
  // Whatever it says: below the drive.
  const content = await optional(join(folder, 'openstack', normalize(`/${contentPath}`)));
  if (content === null) {
    plan.warnings.push(`The content of ${path} (${contentPath}) is not on the config drive.`);
    return;
  }
  plan.files.push({ path, content, mode: FILE_MODE, owner: null, append: false } satisfies GuestFile);
}

function addUserData(plan: FirstBootPlan, data: Buffer): void {
  try {
    const user = readUserData(data);
    plan.hostname = user.hostname ?? plan.hostname;
    plan.timezone = user.timezone;
    plan.authorizedKeys.push(...user.authorizedKeys);
    plan.files.push(...user.files);
    plan.commands.push(...user.commands);
    plan.warnings.push(...user.warnings);
  } catch (error) {
    plan.warnings.push(`The user data cannot be read and are left out: ${(error as Error).message}`);
  }
}
