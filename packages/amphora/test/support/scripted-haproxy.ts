/** A HAProxy without an agent, on loopback, that is led by commands from one configuration to the next. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { endChild, isRunning } from '../../../../test/kit/children.ts';
import { freePort } from '../../../../test/kit/free-port.ts';
import { until } from '../../../../test/kit/until.ts';
import { CertificateCommands } from '../../src/haproxy/certificate-apply.ts';
import { planCertificates } from '../../src/haproxy/certificate-plan.ts';
import { digestsOf, type SlottedText, withSlots } from '../../src/haproxy/certificate-slots.ts';
import { fillFolder, followChanges } from '../../src/haproxy/running-configuration.ts';
import { applyRuntimeChange, type Leftovers } from '../../src/haproxy/runtime-apply.ts';
import { planRuntimeChange } from '../../src/haproxy/runtime-plan.ts';
import { askSocket } from '../../src/haproxy/socket.ts';

export interface Place {
  port: number;
  socket: string;
}

/** What every configuration begins with. */
export const preamble = (socket: string): string => `global
    stats socket ${socket} mode 600 level admin
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 5s
`;

let started = 0;

export class ScriptedHaproxy {
  readonly socket: string;
  port = 0;
  readonly #folder: string;
  readonly #file: string;
  #text = '';
  #digests = new Map<string, string>();
  readonly #leftovers: Leftovers = new Map();
  #child: ChildProcess | null = null;

  /** @param folder of the test; each HAProxy has files of its own in it */
  constructor(folder: string) {
    started += 1;
    this.socket = join(folder, `${started}.sock`);
    this.#file = join(folder, `${started}.cfg`);
    this.#folder = join(folder, `${started}.certificates`);
  }

  /** @param configuration the uploaded text for a port and a socket */
  async start(configuration: (place: Place) => string): Promise<this> {
    this.port = await freePort();
    const { text, slots } = await this.#read(configuration);
    mkdirSync(this.#folder, { recursive: true });
    await fillFolder(this.#folder, slots);
    this.#remember({ text, slots });
    this.#child = spawn('haproxy', ['-db', '-f', this.#file], { stdio: 'ignore' });
    await this.#answers();
    return this;
  }

  /** @returns servers that could not be deleted yet; null when only a reload would do: then nothing was done */
  async lead(configuration: (place: Place) => string): Promise<string[] | null> {
    const wanted = await this.#read(configuration);
    const certificates = planCertificates(this.#text, this.#digests, wanted.slots);
    const servers = planRuntimeChange(this.#text, wanted.text);
    if (certificates === null || servers === null) return null;
    await new CertificateCommands(this.socket, this.#folder).apply(certificates);
    const busy = await applyRuntimeChange(this.socket, servers, this.#leftovers);
    await followChanges(this.#folder, wanted.slots, certificates);
    this.#remember(wanted);
    return busy;
  }

  /** Ended, and started again from the files as they are. */
  async restart(): Promise<void> {
    await this.stop();
    this.#child = spawn('haproxy', ['-db', '-f', this.#file], { stdio: 'ignore' });
    await this.#answers();
  }

  async stop(): Promise<void> {
    if (this.#child !== null) await endChild(this.#child);
  }

  get alive(): boolean {
    return this.#child !== null && isRunning(this.#child);
  }

  /** Servers of a backend with the weights they were given, switched on or not, and the health that checks found. */
  async servers(backend: string): Promise<string[]> {
    const rows = (await askSocket(this.socket, 'show stat -1 4 -1', 1_000)).split('\n');
    const header = (rows[0] ?? '').replace('# ', '').split(',');
    const column = (row: string[], name: string): string => row[header.indexOf(name)] ?? '';
    return rows
      .slice(1)
      .filter((line) => line.startsWith(`${backend},`))
      .map((line) => line.split(','))
      .map((row) => `${column(row, 'svname')} ${column(row, 'uweight')} ${column(row, 'status')}`)
      .sort();
  }

  /** Fingerprint of the certificate that a client gets that asks for the host; null: no TLS. */
  presented(host: string): Promise<string | null> {
    return new Promise((resolve) => {
      const socket = connect(
        { host: '127.0.0.1', port: this.port, servername: host, rejectUnauthorized: false },
        () => {
          resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? null);
          socket.destroy();
        },
      );
      socket.once('error', () => resolve(null));
    });
  }

  #read(configuration: (place: Place) => string): Promise<SlottedText> {
    const text = configuration({ port: this.port, socket: this.socket });
    return withSlots(text, this.#folder, (path) => readFile(path).catch(() => null));
  }

  #remember({ text, slots }: SlottedText): void {
    this.#text = text;
    this.#digests = digestsOf(slots);
    writeFileSync(this.#file, text);
  }

  #answers(): Promise<unknown> {
    return until('HAProxy answers', async () => (await askSocket(this.socket, 'show info', 500)).includes('Uptime'));
  }
}
