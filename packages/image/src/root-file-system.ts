/** The root file system of an amphora, from Debian's packages and what we put in. Everything that would differ the next time goes. */
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  cpSync,
  globSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { bundleAgent } from '@octavia/amphora/build';
import type { BuildPlan } from './build-plan.ts';
import { bundleFirstBoot } from './first-boot-bundle.ts';
import { kernelVersion, makeInitramfs } from './initramfs.ts';
import { walk } from './listing.ts';
import { AMPHORA_PACKAGES, aptSources, SUITE } from './packages.ts';
import type { Run } from './tools.ts';

const OVERLAY = join(import.meta.dirname, '../rootfs');
const AGENT_UNIT = join(import.meta.dirname, '../../../deploy/octavia-amphora-agent.service');
const UDEV_TRIGGER = 'etc/systemd/system/systemd-udev-trigger.service.d/octavia.conf';
/** In /opt/octavia. */
const AGENT = 'amphora-agent.cjs';
const FIRST_BOOT = 'first-boot.cjs';
/** Root is for programs; operators log in as this one. */
const USER = 'debian';
const USER_ID = '1000';

/** What nobody reads in an amphora. Licences stay. */
const LEFT_OUT = [
  ...['doc', 'man', 'info', 'locale', 'lintian', 'bash-completion', 'zsh', 'doc-base'].map(
    (name) => `/usr/share/${name}/*`,
  ),
  // Of libperl, which comes with keepalived's SNMP: what runs here needs perl-base alone.
  '/usr/share/perl/*',
];

/** Services that the agent starts itself, that need what is not there, or that do nothing for an amphora. */
const MASKED = [
  'haproxy.service',
  'keepalived.service',
  'ipvsadm.service',
  'systemd-logind.service',
  'systemd-networkd-wait-online.service',
  'systemd-pcrphase.service',
  'systemd-pcrphase-sysinit.service',
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'dpkg-db-backup.timer',
  'fstrim.timer',
  'e2scrub_all.timer',
  'e2scrub_reap.service',
  'nftables.service',
  'sudo.service',
  'proc-sys-fs-binfmt_misc.automount',
  'dev-hugepages.mount',
  'dev-mqueue.mount',
  'sys-kernel-debug.mount',
  'sys-kernel-tracing.mount',
  'sys-fs-fuse-connections.mount',
  'sys-kernel-config.mount',
  'systemd-journal-flush.service',
  'systemd-network-generator.service',
  'systemd-pstore.service',
  'systemd-update-utmp.service',
  'systemd-update-utmp-runlevel.service',
  'systemd-sysusers.service',
  'systemd-binfmt.service',
  ...['configfs', 'dm_mod', 'drm', 'efi_pstore', 'fuse', 'loop'].map((name) => `modprobe@${name}.service`),
  'acpid.path',
];

/** Started by the agent, by a socket, or by nobody. */
const DISABLED = ['haproxy.service', 'keepalived.service', 'ssh.service', 'acpid.path'];

const ENABLED = [
  'octavia-first-boot.service',
  'octavia-run-commands.service',
  'octavia-grow-root.service',
  'octavia-network-services.path',
  'octavia-network-services.service',
  'octavia-amphora-agent.service',
  'systemd-networkd.service',
  'acpid.service',
  'acpid.socket',
  'chrony.service',
  'rsyslog.service',
];

/** Made by each amphora for itself, or differing from build to build. Patterns below the root. */
const FORGOTTEN = [
  'etc/ssh/ssh_host_*',
  'etc/*-',
  'etc/.pwd.lock',
  'etc/apt/apt.conf.d/99mmdebstrap',
  'var/lib/dbus/machine-id',
  'var/lib/systemd/random-seed',
  'var/lib/systemd/credential.secret',
  'var/lib/systemd/catalog/database',
  'var/lib/chrony/*',
  'var/lib/dpkg/*-old',
  'var/lib/apt/lists/*',
  'var/lib/apt/extended_states',
  'var/cache/apt/*',
  'var/cache/debconf/*-old',
  'var/cache/ldconfig/aux-cache',
  'var/backups/*',
  'var/log/**/*.log',
  'var/log/**/*[!.]log',
  'var/log/btmp',
  'var/log/journal',
  'var/log/wtmp',
  'var/log/lastlog',
  'var/log/faillog',
  'root/.bash_history',
  // The kernel shows what there is.
  'dev/*',
  'tmp/*',
  'run/*',
  'boot/System.map-*',
  'initrd.img*',
  'vmlinuz*',
];

/** Below the root; the boot loader knows these names. */
export const KERNEL = 'boot/vmlinuz';
export const INITRAMFS = 'boot/initrd.img';

export interface RootOptions {
  plan: BuildPlan;
  run: Run;
  /** Where it is made; missing or empty. */
  root: string;
  /** For what is thrown away afterwards. */
  scratch: string;
}

/** @throws ImageError */
export async function makeRoot(options: RootOptions): Promise<void> {
  const bundles = join(options.scratch, 'bundles');
  mkdirSync(bundles);
  await bundleAgent(join(bundles, AGENT));
  await bundleFirstBoot(join(bundles, FIRST_BOOT));
  await bootstrap(options);
  await putOursIn(options, bundles);
  await settings(options);
  forget(options.root);
  const { root, plan } = options;
  symlinkSync(`vmlinuz-${kernelVersion(root)}`, join(root, KERNEL));
  writeFileSync(join(root, INITRAMFS), makeInitramfs(root, plan.epoch));
  setTimes(root, plan.epoch);
}

async function bootstrap({ plan, run, root, scratch }: RootOptions): Promise<void> {
  const repository = await ownRepository(scratch, run, plan.epoch);
  const packages = [OWN_PACKAGE, plan.kernel, ...Object.keys(AMPHORA_PACKAGES), ...plan.packages];
  const cache = join(plan.cacheFolder, 'archives');
  mkdirSync(cache, { recursive: true });
  await run(
    'mmdebstrap',
    [
      ...['--mode=root', '--variant=apt', '--format=directory', '--architectures=amd64'],
      ...['--aptopt=Apt::Install-Recommends "false"', '--aptopt=Acquire::Languages "none"'],
      ...LEFT_OUT.map((path) => `--dpkgopt=path-exclude=${path}`),
      '--dpkgopt=path-include=/usr/share/doc/*/copyright',
      // Links in the place of /bin and its kind from the start, instead of a program that moves them.
      '--hook-dir=/usr/share/mmdebstrap/hooks/maybe-merged-usr',
      // Packages are fetched once for all builds.
      '--skip=download/empty,essential/unlink',
      `--setup-hook=mkdir -p "$1/var/cache/apt/archives" && cp -al ${shellWord(cache)}/. "$1/var/cache/apt/archives/" 2>/dev/null || cp -a ${shellWord(cache)}/. "$1/var/cache/apt/archives/"`,
      `--customize-hook=cp -n "$1"/var/cache/apt/archives/*.deb ${shellWord(cache)}/ || true`,
      `--include=${packages.join(',')}`,
      ...[SUITE, root],
      ...aptSources(plan.mirror),
      `deb [trusted=yes] copy:${repository} ./`,
    ],
    { env: { SOURCE_DATE_EPOCH: String(plan.epoch), DEBIAN_FRONTEND: 'noninteractive' } },
  );
}

const shellWord = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const OWN_PACKAGE = 'octavia-amphora-boot';

/** A package that stands for the initramfs that we make: Debian's kernel asks for a program that makes one, and runs it. */
async function ownRepository(scratch: string, run: Run, epoch: number): Promise<string> {
  const repository = join(scratch, 'repository');
  const content = join(scratch, OWN_PACKAGE);
  mkdirSync(join(content, 'DEBIAN'), { recursive: true });
  mkdirSync(repository);
  const control = [
    `Package: ${OWN_PACKAGE}`,
    'Version: 1',
    'Architecture: all',
    'Maintainer: Octavia <octavia@localhost>',
    'Provides: linux-initramfs-tool',
    'Description: start of an amphora',
    ' The builder of the image makes the initramfs.',
  ];
  writeFileSync(join(content, 'DEBIAN/control'), `${control.join('\n')}\n`);
  const file = join(repository, `${OWN_PACKAGE}.deb`);
  const env = { SOURCE_DATE_EPOCH: String(epoch) };
  await run('dpkg-deb', ['--root-owner-group', '--build', content, file], { env });
  const digest = createHash('sha256').update(readFileSync(file)).digest('hex');
  const index = [...control, `Filename: ./${OWN_PACKAGE}.deb`, `Size: ${statSync(file).size}`, `SHA256: ${digest}`];
  writeFileSync(join(repository, 'Packages'), `${index.join('\n')}\n`);
  return repository;
}

async function putOursIn({ plan, run, root }: RootOptions, bundles: string): Promise<void> {
  cpSync(OVERLAY, root, { recursive: true });
  for (const name of readdirSync(join(OVERLAY, 'usr/lib/octavia')))
    chmodSync(join(root, 'usr/lib/octavia', name), 0o755);
  chmodSync(join(root, 'etc/sudoers.d/octavia'), 0o440);
  const opt = join(root, 'opt/octavia');
  mkdirSync(join(opt, 'bin'), { recursive: true });
  for (const name of [AGENT, FIRST_BOOT]) copyFileSync(join(bundles, name), join(opt, name));
  // The Node that runs us is the pinned one, and the agent's tests ran on it.
  await run('strip', ['--strip-all', '-o', join(opt, 'bin/node'), process.execPath]);
  chmodSync(join(opt, 'bin/node'), 0o755);
  symlinkSync('/opt/octavia/bin/node', join(root, 'usr/bin/node'));
  copyFileSync(AGENT_UNIT, join(root, 'etc/systemd/system/octavia-amphora-agent.service'));
  chmodSync(join(root, 'etc/systemd/system/octavia-amphora-agent.service'), 0o644);
  mkdirSync(join(root, 'etc/octavia/certs'), { recursive: true, mode: 0o700 });
  mkdirSync(join(root, 'var/lib/octavia'), { recursive: true });
  if (plan.packages.includes('cloud-init')) {
    mkdirSync(join(root, 'etc/cloud/cloud.cfg.d'), { recursive: true });
    writeFileSync(
      join(root, 'etc/cloud/cloud.cfg.d/90-octavia.cfg'),
      `datasource_list: ${JSON.stringify(plan.datasources)}\n`,
    );
  }
}

async function settings({ plan, run, root }: RootOptions): Promise<void> {
  const env = { SOURCE_DATE_EPOCH: String(plan.epoch) };
  const inside = (...words: string[]) => run('chroot', [root, ...words], { env });
  await inside('useradd', '--create-home', '--shell', '/bin/bash', '--uid', USER_ID, '--groups', 'adm,sudo', USER);
  const masked = [...MASKED, ...(plan.sshd ? [] : ['ssh.service', 'ssh.socket'])];
  // A console to log in at is a device that systemd has to hear of.
  const terminals = 'ExecStart=-udevadm trigger --type=devices --action=add --subsystem-match=tty\n';
  if (plan.rootPassword !== null) appendFileSync(join(root, UDEV_TRIGGER), terminals);
  const consoles = plan.rootPassword === null ? ['getty.target', 'getty@.service', 'serial-getty@.service'] : [];
  // A mask is a link; enabling and disabling are more links, which systemctl knows.
  await inside('systemctl', '--quiet', 'disable', ...DISABLED);
  await inside('systemctl', '--quiet', 'enable', ...ENABLED, ...(plan.sshd ? ['ssh.socket'] : []));
  await inside('systemctl', '--quiet', 'set-default', 'multi-user.target');
  for (const unit of [...masked, ...consoles]) {
    const link = join(root, 'etc/systemd/system', unit);
    rmSync(link, { force: true });
    symlinkSync('/dev/null', link);
  }
  if (plan.rootPassword !== null)
    await run('chroot', [root, 'chpasswd'], { env, input: `root:${plan.rootPassword}\n` });
  rmSync(join(root, 'etc/logrotate.d/rsyslog'), { force: true });
  rmSync(join(root, 'etc/resolv.conf'), { force: true });
  symlinkSync('/run/octavia/resolv.conf', join(root, 'etc/resolv.conf'));
  writeFileSync(join(root, 'etc/hostname'), 'amphora\n');
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n127.0.1.1 amphora\n::1 localhost ip6-localhost\n');
  rmSync(join(root, 'etc/apt/sources.list.d'), { recursive: true, force: true });
  mkdirSync(join(root, 'etc/apt/sources.list.d'));
  writeFileSync(
    join(root, 'etc/apt/sources.list'),
    aptSources(plan.mirror)
      .map((line) => `${line}\n`)
      .join(''),
  );
}

function forget(root: string): void {
  for (const pattern of FORGOTTEN) {
    for (const path of globSync(pattern, { cwd: root })) rmSync(join(root, path), { recursive: true, force: true });
  }
  // Empty means: to be made at the next start; systemd does.
  writeFileSync(join(root, 'etc/machine-id'), '');
}

/** Nothing is newer than the build is said to be. */
function setTimes(root: string, epoch: number): void {
  for (const name of walk(root)) lutimesSync(join(root, name), epoch, epoch);
  lutimesSync(root, epoch, epoch);
}
