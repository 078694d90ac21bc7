import { ensureDebianPackages } from '../debian.ts';

/** Debian's clients, where they are missing. Nothing of them runs on its own. */
export function installClients(): void {
  const brought = ['/usr/lib/python3/dist-packages/octaviaclient', '/usr/bin/openstack'];
  ensureDebianPackages(['python3-openstackclient', 'python3-octaviaclient'], brought);
}
