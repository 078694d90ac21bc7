/**
 * A machine made of namespaces that starts as machines do, with systemd: the agent of OpenStack makes units of its own and asks
 * systemd to run them. Its root file system is that of the host, and what is changed in it is gone with the machine.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { endChild } from '../../kit/children.ts';
import { until } from '../../kit/until.ts';

/** Of the host's services none must start here; of its network none is seen. */
const BOOT = `
set -e
folder=$1
mount --make-rprivate /
mount -t tmpfs tmpfs "$folder/changes"
mkdir "$folder/changes/upper" "$folder/changes/work"
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/changes/upper,workdir=$folder/changes/work" "$folder/root"
cd "$folder/root"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t tmpfs tmpfs run
mount --bind /dev dev
mkdir -p run/netns
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mount -t cgroup2 cgroup2 sys/fs/cgroup
else
  mount -t tmpfs tmpfs sys/fs/cgroup
  mkdir sys/fs/cgroup/systemd
  mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
fi
rm -rf etc/systemd/system etc/octavia var/lib/octavia
cp -a "$folder/files/." .
exec env -i container=octavia-test PATH=/usr/sbin:/usr/bin:/sbin:/bin \\
  unshare "--root=$folder/root" /lib/systemd/systemd --unit=machine.target
`;

const TARGET = '[Unit]\nDescription=A machine of a test\n';

export interface MachineFile {
  path: string;
  text: string;
  mode?: number;
}

export class Machine {
  readonly folder = mkdtempSync('/var/tmp/octavia-machine-');
  readonly #netns: string;
  #holder: ChildProcess | null = null;
  #init = 0;

  /** @param netns its network: a namespace that is there already */
  constructor(netns: string) {
    this.#netns = netns;
  }

  async boot(files: readonly MachineFile[]): Promise<void> {
    for (const name of ['changes', 'root', 'files']) mkdirSync(join(this.folder, name));
    for (const { path, text, mode = 0o644 } of [
      { path: '/etc/systemd/system/machine.target', text: TARGET },
      ...files,
    ]) {
      const file = join(this.folder, 'files', path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text, { mode });
    }
    const namespaces = ['--mount', '--pid', '--uts', '--ipc', '--cgroup', '--fork', '--kill-child'];
    const command = ['unshare', ...namespaces, 'sh', '-c', BOOT, 'sh', this.folder];
    const holder = spawn('ip', ['netns', 'exec', this.#netns, ...command], { stdio: ['ignore', 'inherit', 'inherit'] });
    this.#holder = holder;
    await until('systemd runs', () => {
      // `ip` becomes `unshare`, whose only child is the first process of the machine.
      const children = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8').trim();
      this.#init = Number(children);
      return children !== '' && existsSync(`/proc/${children}/root/run/systemd/private`);
    });
  }

  /** The words that run a command in the machine. */
  entering(...command: string[]): string[] {
    const spaces = ['--mount', '--pid', '--net', '--uts', '--ipc', '--root', '--wd'];
    return ['nsenter', '-t', String(this.#init), ...spaces, ...command];
  }

  run(...command: string[]): string {
    const [program = '', ...args] = this.entering(...command);
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** A file of the machine, seen from outside. */
  path(inside: string): string {
    return join('/proc', String(this.#init), 'root', inside);
  }

  async destroy(): Promise<void> {
    // systemd takes SIGTERM for something else.
    if (this.#holder !== null) await endChild(this.#holder, 'SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
