/** Finds interfaces by MAC address, moves them into the traffic namespace, and does so again after a reboot. */
import type { Log } from '../log.ts';
import type { AgentState } from '../state/agent-state.ts';
import { delay } from '../system/delay.ts';
import { KeyedLock } from '../system/keyed-lock.ts';
import { outputOf } from '../system/run.ts';
import { announceAddresses } from './announce.ts';
import { hasLeasedVips, type InterfacePlan } from './interface-plan.ts';
import type { TrafficNamespace } from './namespace.ts';
import { reconcileInterface } from './reconcile.ts';

/* HAProxy on the standby amphora binds VIPs that keepalived has put on the other one. */

/** In the sandbox /proc/sys is read-only; `ip netns exec` gives the script mounts of its own, so it takes a fresh one. */
const SCRIPT = `
mount -t proc proc /proc 2>/dev/null
echo 1 > /proc/sys/net/ipv4/ip_nonlocal_bind || exit 1
[ ! -e /proc/sys/net/ipv6/ip_nonlocal_bind ] || echo 1 > /proc/sys/net/ipv6/ip_nonlocal_bind
`;

async function allowForeignBind(namespace: TrafficNamespace, log: Log): Promise<void> {
  const result = await namespace.script(SCRIPT, []);
  if (result.code !== 0) log.error({ err: outputOf(result) }, 'HAProxy cannot bind addresses that are elsewhere');
}

/** Controllers of OpenStack look for it in the details, and ask again. */
export const NO_INTERFACE = 'No suitable network interface found';

export class InterfaceNotFoundError extends Error {
  constructor(mac: string) {
    super(`${NO_INTERFACE}: none has the MAC address ${mac}`);
    this.name = 'InterfaceNotFoundError';
  }
}

/** Hot plug and the request may overtake each other by a moment; the controller retries what takes longer. */
const APPEAR_LIMIT_MS = 2_000;
const APPEAR_POLL_MS = 100;
const RESTORE_POLL_MS = [200, 200, 200, 500, 500, 1_000, 1_000, 2_000, 5_000, 5_000, 10_000, 30_000];

export class Plugger {
  readonly #namespace: TrafficNamespace;
  readonly #state: AgentState;
  readonly #log: Log;
  readonly #lock = new KeyedLock();
  /** Interfaces that were in place since the agent started; one that is gone now was unplugged. */
  readonly #seen = new Set<string>();
  #stopped = false;

  constructor(namespace: TrafficNamespace, state: AgentState, log: Log) {
    this.#namespace = namespace;
    this.#state = state;
    this.#log = log;
  }

  stop(): void {
    this.#stopped = true;
  }

  /**
   * Plugs by plan and remembers it. `makePlan` gets the interface's name: the one it had before, else the next free.
   * Idempotent.
   *
   * @throws InterfaceNotFoundError, CommandError; whatever `makePlan` throws
   */
  async plug(mac: string, makePlan: (name: string) => InterfacePlan): Promise<InterfacePlan> {
    return this.#lock.run('network', async () => {
      await this.#forgetUnplugged(mac);
      const known = this.#state.ports().find((port) => port.mac === mac);
      const fresh = makePlan(known?.name ?? this.#nextName());
      // A member in the VIP's own network is reached through the VIP's port: that port keeps its plan.
      const plan = known?.kind === 'vip' && fresh.kind === 'network' ? known : fresh;
      await this.#bringIn(plan, APPEAR_LIMIT_MS);
      await this.#state.savePort(plan);
      await this.#reconcile(plan);
      await announceAddresses(this.#namespace, plan.name, plan.mac, this.#log);
      return plan;
    });
  }

  /**
   * After a boot: rebuilds every remembered interface. Interfaces that are not there yet are awaited without limit, at
   * growing intervals; `onRestored` runs after each that came back.
   */
  async restore(onRestored: () => void): Promise<void> {
    let missing = this.#state.ports();
    for (let attempt = 0; missing.length > 0 && !this.#stopped; attempt += 1) {
      if (attempt > 0) await delay(RESTORE_POLL_MS[attempt - 1] ?? 30_000);
      missing = await this.#restoreOnce(missing, attempt, onRestored);
    }
  }

  async #restoreOnce(ports: InterfacePlan[], attempt: number, onRestored: () => void): Promise<InterfacePlan[]> {
    const missing: InterfacePlan[] = [];
    for (const port of ports) {
      if (this.#stopped) return [];
      try {
        await this.#lock.run('network', async () => {
          // A plug request since boot has done this port, perhaps with a newer plan.
          const current = this.#state.ports().find((item) => item.mac === port.mac) ?? port;
          await this.#bringIn(current, 0);
          await this.#reconcile(current);
          await announceAddresses(this.#namespace, current.name, current.mac, this.#log);
        });
        this.#log.info({ interface: port.name, mac: port.mac }, 'Interface is in place');
        onRestored();
      } catch (error) {
        missing.push(port);
        if (attempt === 0)
          this.#log.warn({ interface: port.name, err: error }, 'Interface is not in place yet; trying again');
      }
    }
    return missing;
  }

  async #reconcile(plan: InterfacePlan): Promise<void> {
    if (hasLeasedVips(plan)) await allowForeignBind(this.#namespace, this.#log);
    await reconcileInterface(this.#namespace, plan, this.#log);
  }

  async #forgetUnplugged(exceptMac: string): Promise<void> {
    const suspects = this.#state.ports().filter((port) => port.mac !== exceptMac && this.#seen.has(port.mac));
    if (suspects.length === 0) return;
    const links = [...(await this.#namespace.links('inside')), ...(await this.#namespace.links('main'))];
    const present = new Set(links.map((link) => link.mac));
    for (const port of suspects.filter((item) => !present.has(item.mac))) await this.#state.forgetPort(port.mac);
  }

  #nextName(): string {
    const taken = new Set(this.#state.ports().map((port) => port.name));
    let number = 1;
    while (taken.has(`eth${number}`)) number += 1;
    return `eth${number}`;
  }

  async #bringIn(plan: InterfacePlan, limitMs: number): Promise<void> {
    await this.#find(plan, limitMs);
    this.#seen.add(plan.mac);
  }

  async #find(plan: InterfacePlan, limitMs: number): Promise<void> {
    for (let waited = 0; ; waited += APPEAR_POLL_MS) {
      const inside = (await this.#namespace.links('inside')).find((link) => link.mac === plan.mac);
      if (inside !== undefined) {
        if (inside.name === plan.name) return;
        await this.#namespace.batch([
          `link set dev ${inside.name} down`,
          `link set dev ${inside.name} name ${plan.name}`,
        ]);
        return;
      }
      const outside = (await this.#namespace.links('main')).find((link) => link.mac === plan.mac);
      if (outside !== undefined) {
        await this.#namespace.adopt(outside.name, plan.name);
        return;
      }
      if (waited >= limitMs) throw new InterfaceNotFoundError(plan.mac);
      await delay(APPEAR_POLL_MS);
    }
  }
}
