/** A real HAProxy on loopback with a configuration from the renderer. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { endChild } from '../../../../../test/kit/children.ts';
import { until } from '../../../../../test/kit/until.ts';
import { checkResultsOnly } from '../../../../amphora/src/haproxy/server-state.ts';
import { UnconfiguredCertificateManager } from '../../../src/clouds/certificates/barbican/unconfigured.ts';
import type { CertificateManager } from '../../../src/clouds/certificates/manager.ts';
import { type CertificateFile, collectMaterial } from '../../../src/dataplane/amphora/secret-files.ts';
import { serverStatePath, statsSocketPath } from '../../../src/dataplane/haproxy/global.ts';
import { DEFAULT_HAPROXY_OPTIONS, type HaproxyOptions } from '../../../src/dataplane/haproxy/options.ts';
import { renderLoadBalancer } from '../../../src/dataplane/haproxy/render.ts';
import { writeConfig } from '../../../src/dataplane/haproxy/writer.ts';
import type { LoadBalancerTree } from '../../../src/domain/resources.ts';
import { LOAD_BALANCER_ID, makeAmphora } from './tree.ts';

export class RunningHaproxy {
  readonly #folder = mkdtempSync(join(tmpdir(), 'haproxy-traffic-'));
  readonly #options: HaproxyOptions = {
    ...DEFAULT_HAPROXY_OPTIONS,
    basePath: this.#folder,
    certificatesPath: join(this.#folder, 'certs'),
  };
  #process: ChildProcess | null = null;
  #output = '';

  /** As `[haproxy_amphora] base_path`. */
  get folder(): string {
    return this.#folder;
  }

  /** Starts, or replaces what runs by way of a saved server state, as the agent does for a reload. */
  async serve(
    tree: LoadBalancerTree,
    secrets: CertificateManager = new UnconfiguredCertificateManager(),
    given: Partial<HaproxyOptions> = {},
  ): Promise<void> {
    const options = { ...this.#options, ...given };
    if (this.#process !== null) {
      const state = serverStatePath(LOAD_BALANCER_ID, this.#options);
      mkdirSync(dirname(state), { recursive: true });
      writeFileSync(state, checkResultsOnly(await this.ask('show servers state')));
      await this.#stop();
    }
    chmodSync(this.#folder, 0o755);
    mkdirSync(join(this.#folder, LOAD_BALANCER_ID), { recursive: true });
    const file = join(this.#folder, 'haproxy.cfg');
    const { files, uploads, failures } = await collectMaterial(tree, secrets, options);
    for (const { reason } of failures.values()) throw new Error(reason);
    this.#place(tree.loadBalancer.id, [...uploads.values()]);
    writeFileSync(file, writeConfig(renderLoadBalancer(tree, makeAmphora(), options, files)));
    const child = spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    child.stderr.on('data', (text: Buffer) => {
      this.#output += text.toString();
    });
    await this.eventually(async () => (await this.ask('show info')).includes('Process_num'));
  }

  /** As the agent stores certificate files. */
  #place(loadBalancerId: string, files: CertificateFile[]): void {
    const folder = join(this.#options.certificatesPath, loadBalancerId);
    mkdirSync(folder, { recursive: true });
    for (const { name, content } of files) writeFileSync(join(folder, `${name}.pem`), content.reveal());
  }

  /** One command to the statistics socket. */
  ask(command: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(statsSocketPath(LOAD_BALANCER_ID, this.#options));
      let answer = '';
      socket.on('error', reject);
      socket.on('data', (text: Buffer) => {
        answer += text.toString();
      });
      socket.on('end', () => resolve(answer));
      socket.write(`${command}\n`);
    });
  }

  /** Status words of the servers (`UP`, `DOWN`, `MAINT`, `no check`), by server name. */
  async serverStatus(): Promise<Record<string, string>> {
    const rows = (await this.ask('show stat -1 4 -1')).split('\n').map((row) => row.split(','));
    return Object.fromEntries(
      rows
        .filter((row) => row.length > 17)
        .slice(1)
        .map((row) => [row[1], row[17]]),
    );
  }

  async eventually(condition: () => Promise<boolean>): Promise<void> {
    await until('what is asked of HAProxy', condition).catch((error: Error) => {
      throw new Error(`${error.message}; HAProxy said: ${this.#output}`);
    });
  }

  async close(): Promise<void> {
    await this.#stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #stop(): Promise<void> {
    if (this.#process !== null) await endChild(this.#process);
    this.#process = null;
  }
}
