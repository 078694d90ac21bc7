/** Certificates of a site: `octavia certificate add` makes a reference of each. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IssuedPem } from '../../../packages/controller/test/dataplane/support/test-authority.ts';
import { runOctavia, runToEnd } from '../harness.ts';
import type { Site } from './site.ts';

export class Keyring {
  readonly #site: Site;
  #files = 0;

  constructor(site: Site) {
    this.#site = site;
  }

  #write(text: string): string {
    this.#files += 1;
    const file = join(this.#site.bench.folder, `material-${this.#files}`);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  }

  /** @returns the reference of PEM text */
  add(text: string): Promise<string> {
    return this.#addFile(this.#write(text));
  }

  /** As a PKCS#12 file without passphrase. @returns its reference */
  async addPkcs12({ certificate, privateKey }: IssuedPem, chain = ''): Promise<string> {
    const pem = this.#write(`${certificate}${privateKey}${chain}`);
    const words = ['openssl', 'pkcs12', '-export', '-passout', 'pass:', '-in', pem, '-out', `${pem}.p12`];
    const { code, stderr } = await runToEnd(words);
    if (code !== 0) throw new Error(stderr);
    return this.#addFile(`${pem}.p12`);
  }

  async #addFile(file: string): Promise<string> {
    const { code, stdout, stderr } = await runOctavia(['certificate', 'add', file, '--state-dir', this.#site.stateDir]);
    if (code !== 0) throw new Error(stderr);
    return stdout.trim();
  }
}
