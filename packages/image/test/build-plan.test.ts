import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type BuildFlags, planBuild } from '../src/build-plan.ts';
import { ImageError } from '../src/image-error.ts';

/** What the command line says when nobody says anything. */
const PLAIN: BuildFlags = {
  arch: 'amd64',
  backend: 'haproxy',
  cache: '~/.cache/image-create',
  release: null,
  mandatoryAccess: false,
  noTmpfs: false,
  branch: null,
  base: 'debian-minimal',
  kernel: 'linux-image-cloud-amd64',
  logFile: null,
  noSshd: false,
  output: 'amphora-x64-haproxy',
  fromPackages: false,
  rootPassword: null,
  size: '2',
  types: 'qcow2',
  workFolder: '.',
  trace: false,
  fips: false,
  mirror: null,
  packages: [],
  datasources: 'ConfigDrive',
  epoch: null,
};
const plan = (flags: Partial<BuildFlags> = {}) => planBuild({ ...PLAIN, ...flags });

function refusal(flags: Partial<BuildFlags>): string {
  try {
    plan(flags);
  } catch (error) {
    if (error instanceof ImageError) return `${error.message} ${error.remedy}`;
    throw error;
  }
  return 'accepted';
}

test('without flags: qcow2 of 2 GB, SSH without passwords', () => {
  expect(plan()).toEqual({
    output: resolve('amphora-x64-haproxy'),
    types: ['qcow2'],
    sizeBytes: 2 * 1024 ** 3,
    cacheFolder: join(homedir(), '.cache/image-create'),
    workFolder: resolve('.'),
    tmpfs: true,
    kernel: 'linux-image-cloud-amd64',
    sshd: true,
    rootPassword: null,
    mirror: null,
    packages: [],
    datasources: ['ConfigDrive'],
    epoch: 1_735_689_600,
    logFile: null,
    trace: false,
  });
});

test.each<[Partial<BuildFlags>, object]>([
  [{ types: 'tar,qcow2,tar' }, { types: ['tar', 'qcow2'] }],
  [{ types: 'raw,kernel' }, { types: ['raw', 'kernel'] }],
  [{ output: '/images/a.qcow2' }, { output: '/images/a' }],
  [{ output: '/images/a.tar' }, { output: '/images/a.tar' }],
  [{ size: '1' }, { sizeBytes: 1024 ** 3 }],
  [{ size: '2000' }, { sizeBytes: 2000 * 1024 ** 3 }],
  [
    { release: 'bookworm', noTmpfs: true, noSshd: true },
    { tmpfs: false, sshd: false },
  ],
  [{ packages: ['cloud-init', 'cloud-init'] }, { packages: ['cloud-init'] }],
  [{ datasources: 'NoCloud, ConfigDrive' }, { datasources: ['NoCloud', 'ConfigDrive'] }],
  [{ epoch: '0' }, { epoch: 0 }],
])('%o', (flags, wanted) => {
  expect(plan(flags)).toMatchObject(wanted);
});

describe('what it cannot do is one sentence and what to do', () => {
  test.each<[Partial<BuildFlags>, string]>([
    [{ arch: 'aarch64' }, 'Images for aarch64 are not built yet, only for amd64. Leave -a out.'],
    [
      { base: 'ubuntu-minimal' },
      'Images of ubuntu-minimal are not built: an amphora image of this builder is Debian. Leave -i out, or write -i debian-minimal.',
    ],
    [{ release: 'focal' }, 'The release focal is not supported, only Debian 12 (bookworm). Leave -d out.'],
    [{ backend: 'nginx' }, 'There is no back end nginx, only haproxy. Leave -b out.'],
    [
      { mandatoryAccess: true },
      'Debian has no SELinux policy that covers an amphora, so it cannot be made mandatory (-e). Leave -e out: the units confine the agent, and HAProxy runs without root in a chroot.',
    ],
    [
      { fips: true },
      'Debian has no FIPS 140-2 mode (-y). Leave -y out, and choose protocols and ciphers in octavia.conf.',
    ],
    [
      { branch: 'stable/train' },
      'The image gets the agent of this installation, not of the branch stable/train (-g). Check the branch out and build the image there.',
    ],
    [
      { fromPackages: true },
      'There is no Debian package of this agent, so it cannot be installed from packages (-p). Leave -p out: the agent of this installation is put into the image.',
    ],
    [{ size: '0' }, 'The size 0 is not a whole number of GB from 1 to 2000. Write for example -s 2.'],
    [{ size: '2001' }, 'The size 2001 is not a whole number of GB from 1 to 2000. Write for example -s 2.'],
    [{ size: '2.5' }, 'The size 2.5 is not a whole number of GB from 1 to 2000. Write for example -s 2.'],
    [{ types: 'vhd' }, 'There is no image type "vhd". Write one or several of qcow2,raw,tar,kernel.'],
    [{ types: 'qcow2,' }, 'There is no image type "". Write one or several of qcow2,raw,tar,kernel.'],
    [{ kernel: '--force' }, '"--force" is no name of a Debian package. Name it as apt does.'],
    [{ packages: ['a b'] }, '"a b" is no name of a Debian package. Name it as apt does.'],
    [{ rootPassword: '' }, 'The password of root is empty (-r). Give one, or leave -r out.'],
    [
      { mirror: 'deb.debian.org' },
      'The mirror "deb.debian.org" is no URL. Write for example http://deb.debian.org/debian.',
    ],
    [
      { epoch: 'today' },
      'SOURCE_DATE_EPOCH is "today", not a number of seconds since 1970. Set it to one, or unset it.',
    ],
  ])('%o', (flags, words) => {
    expect(refusal(flags)).toBe(words);
  });
});
