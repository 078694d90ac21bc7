/** Carries out planned changes of certificates on HAProxy's socket. Source: HAProxy 2.6 management guide, 9.3. */
import type { CertificateChange } from './certificate-plan.ts';
import { RuntimeChangeError } from './runtime-apply.ts';
import { askSocket } from './socket.ts';

const TIMEOUT_MS = 5_000;

export class CertificateCommands {
  readonly #socket: string;
  readonly #folder: string;

  /** @param folder in which HAProxy found the files when it started */
  constructor(socket: string, folder: string) {
    this.#socket = socket;
    this.#folder = folder;
  }

  /** @throws RuntimeChangeError */
  async apply(changes: readonly CertificateChange[]): Promise<void> {
    for (const change of changes) {
      const path = `${this.#folder}/${change.name}`;
      switch (change.kind) {
        case 'replace':
          await this.#replace(path, change.content, change.uses);
          break;
        case 'append':
          await this.#command(`new ssl cert ${path}`, 'New empty certificate store');
          await this.#replace(path, change.content, 0);
          await this.#command(`add ssl crt-list ${this.#folder}/${change.list} ${path}`, 'Success!');
          break;
        case 'drop':
          await this.#command(`del ssl crt-list ${this.#folder}/${change.list} ${path}`, ' deleted in crtlist ');
          await this.#command(`del ssl cert ${path}`, ' deleted!');
          break;
      }
    }
  }

  /** HAProxy presents it from the commit on; handshakes before it have the old one, connections live on. */
  async #replace(path: string, content: Buffer, uses: number): Promise<void> {
    // An empty line would end the payload.
    const lines = content
      .toString('utf8')
      .split('\n')
      .map((line) => line.trim());
    const payload = lines.filter((line) => line !== '').join('\n');
    // While a change of another certificate is open, HAProxy would put this content there, and say "updated".
    await this.#command(`set ssl cert ${path} <<\n${payload}\n`, `Transaction created for certificate ${path}!`);
    const answer = await this.#command(`commit ssl cert ${path}`, 'Success!');
    // One dot for each place that presents it now. A "Success!" without them changed nothing.
    const dots = /^Committing \S*?(\.*)$/m.exec(answer)?.[1]?.length ?? 0;
    if (dots < uses) throw new RuntimeChangeError(`${dots} of ${uses} places took a certificate`);
  }

  /** The payload of a command must not get into a message. */
  async #command(command: string, expected: string): Promise<string> {
    const [words = ''] = command.split('\n');
    let answer: string;
    try {
      answer = await askSocket(this.#socket, command, TIMEOUT_MS);
    } catch (error) {
      throw new RuntimeChangeError(`${words}: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (!answer.includes(expected)) throw new RuntimeChangeError(`${words}: ${answer.trim() || 'no answer'}`);
    return answer;
  }
}
