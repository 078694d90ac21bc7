/** Config drives as Nova makes them, by `[DEFAULT] config_drive_format`. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface DriveContent {
  metaData: object;
  /** Injected by Nova: path in the instance → content. */
  files: Readonly<Record<string, string>>;
  userData: string | null;
}

/** @returns path of the drive, in the folder */
export function makeConfigDrive(folder: string, kind: 'iso9660' | 'vfat', content: DriveContent): string {
  const tree = join(folder, `drive-${kind}`);
  mkdirSync(join(tree, 'openstack/latest'), { recursive: true });
  mkdirSync(join(tree, 'openstack/content'));
  const paths = Object.keys(content.files);
  const files = paths.map((path, index) => ({ path, content_path: `/content/${String(index).padStart(4, '0')}` }));
  for (const { path, content_path: place } of files)
    writeFileSync(join(tree, 'openstack', place), content.files[path] ?? '');
  writeFileSync(join(tree, 'openstack/latest/meta_data.json'), JSON.stringify({ ...content.metaData, files }));
  if (content.userData !== null) writeFileSync(join(tree, 'openstack/latest/user_data'), content.userData);
  const file = `${tree}.img`;
  if (kind === 'iso9660') {
    const options = ['-quiet', '-J', '-r', '-V', 'config-2', '-l', '-ldots', '-allow-lowercase', '-allow-multidot'];
    execFileSync('genisoimage', ['-o', file, ...options, tree], { stdio: 'pipe' });
  } else {
    execFileSync('mkfs.vfat', ['-C', '-n', 'CONFIG-2', file, '65536'], { stdio: 'pipe' });
    execFileSync('mcopy', ['-s', '-i', file, join(tree, 'openstack'), '::/'], { stdio: 'pipe' });
  }
  rmSync(tree, { recursive: true });
  return file;
}
