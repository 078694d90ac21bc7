import type { Config } from '../../config/index.ts';
import type { DataplaneDriver } from '../../dataplane/interface.ts';
import { duration } from '../../domain/duration.ts';
import type { Store } from '../../store/core/database.ts';
import * as diagnosis from '../../store/operations/diagnosis.ts';
import * as amphorae from '../../store/resources/amphorae.ts';
import { type Finding, listing, success, warning } from './check.ts';

const PROBE_MS = 3_000;
const PROBES_AT_ONCE = 20;

/** Both ways: whether amphorae are heard, and with a driver whether they answer. */
export async function reachable(store: Store, config: Config, dataplane: DataplaneDriver | null): Promise<Finding[]> {
  const serving = await diagnosis.servingAmphorae(store.db);
  const patience = config.health_manager.heartbeat_timeout;
  const silent = serving.filter((amphora) => (amphora.silent ?? amphora.age) > patience);
  const unanswered = dataplane === null ? new Set<string>() : await withoutAnswer(store, dataplane, serving);
  const lines = serving.flatMap(({ id, loadBalancerId, silent: age, lbNetworkIp }) => {
    const deaf = silent.some((other) => other.id === id);
    if (!deaf && !unanswered.has(id)) return [];
    const heard = deaf ? (age === null ? 'was never heard' : `was last heard ${duration(age)} ago`) : 'is heard';
    const answers = dataplane === null ? '' : unanswered.has(id) ? `, does not answer at ${lbNetworkIp}` : ', answers';
    return [`${id} of ${loadBalancerId} ${heard}${answers}`];
  });
  const ways = dataplane === null ? 'heard' : 'heard and answer';
  if (lines.length === 0) return [success('Amphorae', `All ${serving.length} are ${ways}`)];
  const everybody = lines.length === serving.length && serving.length > 1;
  const hint = everybody
    ? ': all of them, so look at the management network, [health_manager] controller_ip_port_list and heartbeat_key first'
    : '';
  return [warning('Amphorae', listing(`${lines.length} of ${serving.length} are not ${ways}${hint}`, lines))];
}

async function withoutAnswer(
  store: Store,
  dataplane: DataplaneDriver,
  serving: diagnosis.ServingAmphora[],
): Promise<Set<string>> {
  const unanswered = new Set<string>();
  const waiting = [...serving];
  const prober = async (): Promise<void> => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const amphora = await amphorae.get(store.db, next.id);
      if (amphora && !(await dataplane.probe(amphora, PROBE_MS))) unanswered.add(next.id);
    }
  };
  await Promise.all(Array.from({ length: PROBES_AT_ONCE }, prober));
  return unanswered;
}

export async function zombies(store: Store, config: Config): Promise<Finding[]> {
  const found = await diagnosis.zombies(store.db, config.health_manager.heartbeat_timeout);
  if (found.length === 0) return [];
  const lines = found.map(({ id, computeId }) => `${id}, instance ${computeId}`);
  return [warning('Deleted amphorae', listing('These still send heartbeats; delete their instances:', lines))];
}
