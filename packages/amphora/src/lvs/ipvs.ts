/** Whether the amphora can balance UDP and SCTP: IP Virtual Server in its kernel, and the programs that work with it. */
import type { TrafficNamespace } from '../network/namespace.ts';

/** The table appears in every namespace as soon as the module is loaded, which ipvsadm tries, too. */
export const LOAD_IPVS = '[ -e /proc/net/ip_vs ] || modprobe ip_vs 2>/dev/null || ipvsadm --list >/dev/null 2>&1';

const SCRIPT = `
for program in ipvsadm nft "$1"; do
  command -v "$program" >/dev/null || { echo "The program $program is missing in this amphora"; exit 1; }
done
mount -t proc proc /proc 2>/dev/null
${LOAD_IPVS}
[ -e /proc/net/ip_vs ] || { echo 'The kernel of this amphora has no IP Virtual Server (IPVS, module ip_vs)'; exit 1; }
`;

/** An operator may load the module at any time. */
const ASK_AGAIN_MS = 30_000;

export class Ipvs {
  readonly #namespace: TrafficNamespace;
  readonly #keepalivedCmd: string;
  #answer: Promise<string | null> | null = null;
  #askedAt = 0;

  constructor(namespace: TrafficNamespace, keepalivedCmd: string) {
    this.#keepalivedCmd = keepalivedCmd;
    this.#namespace = namespace;
  }

  /** Null when it can, else the reason. What is there stays there; what is missing is looked for now and then. */
  missing(): Promise<string | null> {
    if (this.#answer === null || performance.now() - this.#askedAt > ASK_AGAIN_MS) {
      this.#askedAt = performance.now();
      this.#answer = this.#ask();
    }
    return this.#answer;
  }

  async #ask(): Promise<string | null> {
    const { code, stdout, stderr } = await this.#namespace.script(SCRIPT, [this.#keepalivedCmd]);
    if (code !== 0) return stdout.trim() || stderr.trim() || `looking for IPVS ended with code ${code}`;
    this.#askedAt = Number.POSITIVE_INFINITY;
    return null;
  }
}
