/** `octavia image`: flags of OpenStack's image builder under their own names. Carried out by `@octavia/image`. */
import type { Argument, Command } from '../command.ts';
import { object } from './arguments.ts';

/** One letter and a text. */
const letter = (
  short: string,
  dest: string,
  metavar: string,
  help: string,
  more: Partial<Argument> = {},
): Argument => ({
  flags: [short],
  dest,
  metavar,
  help,
  ...more,
});

const without = (short: string, dest: string, help: string): Argument => ({ flags: [short], dest, takes: 0, help });

const long = (name: string, metavar: string, help: string, more: Partial<Argument> = {}): Argument => ({
  flags: [`--${name}`],
  dest: name.replaceAll('-', '_'),
  metavar,
  help,
  ...more,
});

const oneOf = (...choices: string[]): Partial<Argument> => ({ choices });

const BUILD: Command = {
  words: 'image build',
  summary: 'Build an image of an amphora from Debian packages and the agent of this installation. As root.',
  output: 'text',
  does: { verb: 'operator', name: 'image build' },
  arguments: [
    letter('-a', 'arch', '{i386,amd64,armhf,aarch64,ppc64le}', 'Architecture; amd64, the only one so far.', {
      ...oneOf('i386', 'amd64', 'armhf', 'aarch64', 'ppc64le'),
      default: 'amd64',
    }),
    letter('-b', 'backend', '{haproxy}', 'What serves TCP and HTTP; haproxy.', {
      ...oneOf('haproxy'),
      default: 'haproxy',
    }),
    letter('-c', 'cache', '<dir>', 'Folder where packages are kept for the next build; ~/.cache/image-create.', {
      default: '~/.cache/image-create',
    }),
    letter('-d', 'release', '<release>', 'Release of the distribution; bookworm, the only one so far.'),
    without('-e', 'mandatory_access', 'Mandatory access control; not to be had with Debian.'),
    without('-f', 'no_tmpfs', 'Do not build in memory.'),
    letter('-g', 'branch', '<branch>', 'Branch of the agent; not to be had: it is that of this installation.'),
    letter('-i', 'base', '<system>', 'Base system; debian-minimal, the only one so far.', {
      ...oneOf('debian-minimal', 'ubuntu-minimal', 'fedora', 'centos-minimal', 'rhel'),
      default: 'debian-minimal',
    }),
    letter('-k', 'kernel', '<package>', 'Package of the kernel; linux-image-cloud-amd64.', {
      default: 'linux-image-cloud-amd64',
    }),
    letter('-l', 'log', '<file>', 'File that gets everything the build says.'),
    without('-n', 'no_sshd', 'No SSH server.'),
    letter('-o', 'output', '<file>', 'Where to write, without the extension; amphora-x64-haproxy.', {
      default: 'amphora-x64-haproxy',
    }),
    without('-p', 'from_packages', 'Agent from a distribution package; there is none.'),
    letter(
      '-r',
      'root_password',
      '<password>',
      'Password with which root logs in at the console; no login without it.',
    ),
    letter('-s', 'size', '<GB>', 'Size of the disk; 2.', { default: '2' }),
    letter(
      '-t',
      'types',
      '<type>[,<type>,...]',
      'Types: qcow2, raw, tar, or kernel (kernel and initramfs alone); qcow2.',
      {
        default: 'qcow2',
      },
    ),
    without('-v', 'show_version', 'Show the version.'),
    letter('-w', 'work_folder', '<dir>', 'Folder to work in; the current one.', { default: '.' }),
    without('-x', 'trace', 'Show every command and what it says.'),
    without('-y', 'fips', 'FIPS 140-2 mode; not to be had with Debian.'),
    long('package', '<name>', 'Debian package to add, for example cloud-init; repeat it for several.', {
      action: 'append',
    }),
    long('mirror', '<url>', 'Mirror of Debian, for example of snapshot.debian.org. (DIB_DISTRIBUTION_MIRROR)', {
      env: 'DIB_DISTRIBUTION_MIRROR',
    }),
    long(
      'datasources',
      '<name>[,...]',
      'Where cloud-init looks, if it is added; ConfigDrive. (CLOUD_INIT_DATASOURCES)',
      {
        env: 'CLOUD_INIT_DATASOURCES',
        default: 'ConfigDrive',
      },
    ),
    long('epoch', '<seconds>', 'Time of all files, in seconds since 1970; 2025-01-01. (SOURCE_DATE_EPOCH)', {
      env: 'SOURCE_DATE_EPOCH',
    }),
  ],
};

const PUSH: Command = {
  words: 'image push',
  summary: 'Send an image to Glance and tag it, with the login of OS_* variables or clouds.yaml.',
  output: 'text',
  does: { verb: 'operator', name: 'image push' },
  arguments: [
    object('file', '<file>', 'The image; qcow2 or raw.'),
    long('name', '<name>', 'Its name in Glance; that of the file without extension.'),
    long('tag', '<tag>', 'Its tag, as [controller_worker] amp_image_tag has it; amphora. Repeat it for several.', {
      action: 'append',
    }),
    long('property', '<key>=<value>', 'Property of the image; repeat it for several.', { action: 'append' }),
    long('visibility', '{private,shared,community,public}', 'Who sees it; private.', {
      ...oneOf('private', 'shared', 'community', 'public'),
      default: 'private',
    }),
  ],
};

export const IMAGE_COMMANDS: readonly Command[] = [BUILD, PUSH];
