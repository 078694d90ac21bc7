/** From the flags of `octavia image build` to what is built. Names and defaults are those of OpenStack's image builder. */
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { ImageError } from './image-error.ts';

const OUTPUT_TYPES = ['qcow2', 'raw', 'tar', 'kernel'] as const;
export type OutputType = (typeof OUTPUT_TYPES)[number];

export interface BuildPlan {
  /** Path of the outputs without their extensions. */
  output: string;
  types: OutputType[];
  /** Of the disk. */
  sizeBytes: number;
  cacheFolder: string;
  workFolder: string;
  /** Build in memory where there is enough. */
  tmpfs: boolean;
  kernel: string;
  sshd: boolean;
  /** null: nobody logs in with a password. */
  rootPassword: string | null;
  /** null: the mirrors of Debian. */
  mirror: string | null;
  /** Debian packages beside ours. */
  packages: string[];
  /** Of cloud-init, where that is among the packages. */
  datasources: string[];
  /** Seconds since 1970: the time of every file. */
  epoch: number;
  logFile: string | null;
  trace: boolean;
}

export interface BuildFlags {
  arch: string;
  backend: string;
  cache: string;
  release: string | null;
  mandatoryAccess: boolean;
  noTmpfs: boolean;
  branch: string | null;
  base: string;
  kernel: string;
  logFile: string | null;
  noSshd: boolean;
  output: string;
  fromPackages: boolean;
  rootPassword: string | null;
  size: string;
  types: string;
  workFolder: string;
  trace: boolean;
  fips: boolean;
  mirror: string | null;
  packages: readonly string[];
  datasources: string;
  /** SOURCE_DATE_EPOCH; null: not set */
  epoch: string | null;
}

export const DEFAULTS = {
  arch: 'amd64',
  backend: 'haproxy',
  cache: '~/.cache/image-create',
  base: 'debian-minimal',
  release: 'bookworm',
  kernel: 'linux-image-cloud-amd64',
  output: 'amphora-x64-haproxy',
  size: '2',
  types: 'qcow2',
  workFolder: '.',
  datasources: 'ConfigDrive',
} as const;

/** Of what is built from one release of Octavia in Debian, whenever it is built: 2025-01-01. */
const EPOCH = 1_735_689_600;
const SMALLEST_GB = 1;
const LARGEST_GB = 2000;

function refuse(message: string, remedy: string): never {
  throw new ImageError(message, remedy);
}

/** What OpenStack's builder can do and this one does not: a sentence each, and nothing is built. */
function refuseUnsupported(flags: BuildFlags): void {
  const { arch, base, release, backend } = flags;
  if (arch !== DEFAULTS.arch) {
    refuse(`Images for ${arch} are not built yet, only for amd64.`, 'Leave -a out.');
  }
  if (base !== DEFAULTS.base) {
    const words = `Images of ${base} are not built: an amphora image of this builder is Debian`;
    refuse(`${words}.`, `Leave -i out, or write -i ${DEFAULTS.base}.`);
  }
  if (release !== null && release !== DEFAULTS.release) {
    refuse(`The release ${release} is not supported, only Debian 12 (${DEFAULTS.release}).`, 'Leave -d out.');
  }
  if (backend !== DEFAULTS.backend) refuse(`There is no back end ${backend}, only haproxy.`, 'Leave -b out.');
  if (flags.mandatoryAccess) {
    const words = 'Debian has no SELinux policy that covers an amphora, so it cannot be made mandatory (-e)';
    refuse(`${words}.`, 'Leave -e out: the units confine the agent, and HAProxy runs without root in a chroot.');
  }
  if (flags.fips) {
    refuse('Debian has no FIPS 140-2 mode (-y).', 'Leave -y out, and choose protocols and ciphers in octavia.conf.');
  }
  if (flags.branch !== null) {
    const words = `The image gets the agent of this installation, not of the branch ${flags.branch} (-g)`;
    refuse(`${words}.`, 'Check the branch out and build the image there.');
  }
  if (flags.fromPackages) {
    const words = 'There is no Debian package of this agent, so it cannot be installed from packages (-p)';
    refuse(`${words}.`, 'Leave -p out: the agent of this installation is put into the image.');
  }
}

function sizeOf(text: string): number {
  const gigabytes = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(gigabytes >= SMALLEST_GB && gigabytes <= LARGEST_GB)) {
    refuse(
      `The size ${text} is not a whole number of GB from ${SMALLEST_GB} to ${LARGEST_GB}.`,
      'Write for example -s 2.',
    );
  }
  return gigabytes * 1024 ** 3;
}

function typesOf(text: string): OutputType[] {
  const words = [...new Set(text.split(',').map((word) => word.trim()))];
  return words.map((word) => {
    const type = OUTPUT_TYPES.find((known) => known === word);
    return type ?? refuse(`There is no image type "${word}".`, `Write one or several of ${OUTPUT_TYPES.join(',')}.`);
  });
}

function epochOf(text: string | null): number {
  if (text === null) return EPOCH;
  if (!/^\d{1,10}$/.test(text)) {
    refuse(`SOURCE_DATE_EPOCH is "${text}", not a number of seconds since 1970.`, 'Set it to one, or unset it.');
  }
  return Number(text);
}

const PACKAGE = /^[a-z0-9][a-z0-9+.-]+$/;

/** `~` is the home; the rest counts from the current folder. */
const pathOf = (text: string): string => resolve(text.replace(/^~(?=\/|$)/, homedir()));

/** @throws ImageError for what is not supported, and for values that make no sense */
export function planBuild(flags: BuildFlags): BuildPlan {
  refuseUnsupported(flags);
  const packages = [...new Set(flags.packages)];
  for (const name of [flags.kernel, ...packages]) {
    if (!PACKAGE.test(name)) refuse(`"${name}" is no name of a Debian package.`, 'Name it as apt does.');
  }
  if (flags.rootPassword === '') refuse('The password of root is empty (-r).', 'Give one, or leave -r out.');
  if (flags.mirror !== null && !/^(https?|file|copy):\/\//.test(flags.mirror)) {
    refuse(`The mirror "${flags.mirror}" is no URL.`, 'Write for example http://deb.debian.org/debian.');
  }
  const types = typesOf(flags.types);
  // `-o name.qcow2` means the same as `-o name`.
  const extension = types.find((type) => flags.output.endsWith(`.${type}`));
  const path = pathOf(flags.output);
  const name = basename(path, extension === undefined ? '' : `.${extension}`);
  return {
    output: join(dirname(path), name),
    types,
    sizeBytes: sizeOf(flags.size),
    cacheFolder: pathOf(flags.cache),
    workFolder: pathOf(flags.workFolder),
    tmpfs: !flags.noTmpfs,
    kernel: flags.kernel,
    sshd: !flags.noSshd,
    rootPassword: flags.rootPassword,
    mirror: flags.mirror,
    packages,
    datasources: flags.datasources.split(',').map((word) => word.trim()),
    epoch: epochOf(flags.epoch),
    logFile: flags.logFile === null ? null : pathOf(flags.logFile),
    trace: flags.trace,
  };
}
