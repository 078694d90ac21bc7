/** The network namespace all tenant traffic lives in, and the `ip` commands inside and outside of it. */
import { access, mkdir } from 'node:fs/promises';
import { CommandError, type CommandResult, type RunCommand } from '../system/run.ts';

export interface Link {
  name: string;
  mac: string;
  mtu: number;
  up: boolean;
}

export interface LinkAddress {
  family: 4 | 6;
  address: string;
  prefixLength: number;
  tentative: boolean;
}

interface IpLinkJson {
  ifname: string;
  address?: string;
  mtu: number;
  flags: string[];
  addr_info?: { family: string; local: string; prefixlen: number; scope: string; tentative?: boolean }[];
  stats64?: { rx: { bytes: number }; tx: { bytes: number } };
}

/**
 * A router on a member network would otherwise make itself the way to all IPv6 clients: its route has the metric of the
 * one to the VIP's gateway. Interfaces that come later take `default`. In the sandbox /proc/sys is read-only; `ip netns
 * exec` gives the script mounts of its own, so it takes a fresh one.
 */
const REFUSE_ADVERTISEMENTS = `
mount -t proc proc /proc 2>/dev/null
for file in /proc/sys/net/ipv6/conf/*/accept_ra /proc/sys/net/ipv6/conf/*/autoconf; do
  [ ! -e "$file" ] || echo 0 > "$file"
done
`;

export class TrafficNamespace {
  readonly name: string;
  readonly #run: RunCommand;

  constructor(name: string, run: RunCommand) {
    this.name = name;
    this.#run = run;
  }

  /** Makes the namespace when it is missing and brings `lo` up inside. A dead mount point left by a crash is replaced. */
  async ensure(): Promise<void> {
    // iproute2 mounts /sys anew whenever it enters a namespace; a minimal sandbox may lack the mount point.
    await mkdir('/sys').catch(() => {});
    const exists = await access(`/run/netns/${this.name}`).then(
      () => true,
      () => false,
    );
    if (!exists || (await this.#inside(['link', 'set', 'lo', 'up'])).code !== 0) {
      if (exists) await this.#run('ip', ['netns', 'delete', this.name]);
      await this.#must('ip', ['netns', 'add', this.name]);
      await this.#must('ip', ['-n', this.name, 'link', 'set', 'lo', 'up']);
    }
    await this.script(REFUSE_ADVERTISEMENTS, []);
  }

  /** Links outside (`main`) or inside the namespace, loopback left out. */
  async links(where: 'main' | 'inside'): Promise<Link[]> {
    const json = await this.#json(where === 'main' ? [] : ['-n', this.name], ['link', 'show']);
    return json
      .filter((link) => link.address !== undefined && !link.flags.includes('LOOPBACK'))
      .map((link) => ({
        name: link.ifname,
        mac: (link.address ?? '').toLowerCase(),
        mtu: link.mtu,
        up: link.flags.includes('UP'),
      }));
  }

  /** Addresses per interface inside, link-local ones left out. */
  async addresses(): Promise<Map<string, LinkAddress[]>> {
    const json = await this.#json(['-n', this.name], ['address', 'show']);
    return new Map(
      json.map((link) => [
        link.ifname,
        (link.addr_info ?? [])
          .filter((info) => info.scope !== 'link')
          .map((info) => ({
            family: info.family === 'inet' ? 4 : 6,
            address: info.local,
            prefixLength: info.prefixlen,
            tentative: info.tentative === true,
          })),
      ]),
    );
  }

  /** Bytes per interface inside since the interface exists. */
  async byteCounters(): Promise<Map<string, { rx: number; tx: number }>> {
    const json = await this.#json(['-n', this.name, '-s'], ['link', 'show']);
    return new Map(
      json
        .filter((link) => !link.flags.includes('LOOPBACK'))
        .map((link) => [link.ifname, { rx: link.stats64?.rx.bytes ?? 0, tx: link.stats64?.tx.bytes ?? 0 }]),
    );
  }

  /** Moves a link of the main namespace inside and names it. @throws CommandError */
  async adopt(link: string, name: string): Promise<void> {
    await this.#must('ip', ['link', 'set', 'dev', link, 'name', name, 'netns', this.name]);
  }

  /**
   * Runs `ip` commands inside, one a line, in one process; stops at the first that fails.
   * @param version for rules, whose addresses `ip` does not tell apart by itself
   * @throws CommandError
   */
  async batch(lines: string[], version?: 4 | 6): Promise<void> {
    const family = version === undefined ? [] : [`-${version}`];
    if (lines.length > 0) await this.#must('ip', [...family, '-n', this.name, '-batch', '-'], `${lines.join('\n')}\n`);
  }

  /** Parsed `ip -j` output of a query inside; an empty list when the query fails (no such table yet). */
  async query(args: string[]): Promise<Record<string, unknown>[]> {
    const result = await this.#run('ip', ['-n', this.name, '-j', ...args]);
    if (result.code !== 0 || result.stdout.trim() === '') return [];
    return JSON.parse(result.stdout) as Record<string, unknown>[];
  }

  /** Runs a shell script inside; the script sees its own mounts, changes to them stay private. */
  async script(script: string, args: string[]): Promise<CommandResult> {
    return this.#run('ip', ['netns', 'exec', this.name, 'sh', '-c', script, 'sh', ...args]);
  }

  #inside(args: string[]): Promise<CommandResult> {
    return this.#run('ip', ['-n', this.name, ...args]);
  }

  async #json(options: string[], args: string[]): Promise<IpLinkJson[]> {
    const result = await this.#must('ip', [...options, '-j', ...args]);
    return result.stdout.trim() === '' ? [] : (JSON.parse(result.stdout) as IpLinkJson[]);
  }

  async #must(command: string, args: string[], input?: string): Promise<CommandResult> {
    const result = await this.#run(command, args, input === undefined ? {} : { input });
    if (result.code !== 0) throw new CommandError(command, args, result);
    return result;
  }
}
