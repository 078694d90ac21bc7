import type { UserData } from '../interface.ts';

/** Nobody but root reads what holds a private key. */
const isSecret = (path: string): boolean => path.endsWith('.pem');

/**
 * What cloud-init does at the first boot. JSON is YAML, too, and no content of a file can break out of it.
 * @param files absolute path → content, of those that the config drive does not bring
 */
export function cloudConfig({ timezone }: UserData, files: Readonly<Record<string, string>> = {}): string {
  const written = Object.entries(files).map(([path, content]) => ({
    path,
    owner: 'root:root',
    permissions: isSecret(path) ? '0600' : '0644',
    content,
  }));
  const restarts = ['systemctl restart rsyslog'];
  // It may have started before its files were there.
  if (written.length > 0) restarts.push('service amphora-agent restart');
  const document = { ...(written.length > 0 ? { write_files: written } : {}), runcmd: restarts, timezone };
  return `#cloud-config\n${JSON.stringify(document, null, 2)}\n`;
}
