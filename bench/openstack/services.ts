/**
 * `npm run bench:openstack -- services`, in a cloud: how long load balancers take besides their servers' boot. It takes the variables of
 * `npm run test:openstack -- fake`, and is started where the cloud can be reached:
 *
 *     ip netns exec <namespace> npm run bench:openstack -- services
 *
 * Servers of the zone `fake` cost nothing, and Nova tells the bus when they run. What is left is waiting for the services of the cloud,
 * which may have few processors, and our own: both are told, too.
 */
import { Listener } from '../../test/integration/openstack/listener.ts';
import { serverBed } from '../../test/integration/openstack/server-bed.ts';
import { environment, type Found, Stage } from '../../test/integration/openstack/stage.ts';
import type { Figure, FigureModule } from '../controller-figure.ts';

const COUNT = 20;
const BAR_S = 2;
const LOOK_MS = 100;
const PATIENCE_MS = 600_000;
const NAME = 'octavia-bench';
const RUNS = 'compute.instance.create.end';

interface Span {
  /** Milliseconds since 1970. */
  from: number;
  to: number;
}

/** Milliseconds of the span in which none of the others lasts. */
function besides({ from, to }: Span, others: readonly Span[]): number {
  let [sum, reached] = [0, from];
  for (const other of [...others].sort((a, b) => a.from - b.from)) {
    sum += Math.max(0, Math.min(other.from, to) - reached);
    reached = Math.max(reached, Math.min(other.to, to));
  }
  return sum + to - reached;
}

interface Question extends Span {
  /** `POST /servers` */
  request: string;
}

/** What the services of the cloud were asked, by the logs of ours. */
function questionsOf(said: string): Question[] {
  return said.split('\n').flatMap((line) => {
    const record: Found = line.startsWith('{') ? JSON.parse(line) : {};
    if (typeof record.ms !== 'number' || !String(record.msg).endsWith(' was asked')) return [];
    return [{ request: String(record.request), from: record.time - record.ms, to: Number(record.time) }];
  });
}

async function play(stage: Stage): Promise<void> {
  const bed = await serverBed(stage.cloud);
  await stage.play({
    OS_DEFAULT__USE_JSON: 'True',
    OS_SERVICE_AUTH__COLLECT_TIMING: 'True',
    OS_CONTROLLER_WORKER__AMP_FLAVOR_ID: bed.flavor,
    OS_CONTROLLER_WORKER__AMP_IMAGE_TAG: 'amphora',
    OS_CONTROLLER_WORKER__AMP_BOOT_NETWORK_LIST: bed.network,
    OS_CONTROLLER_WORKER__AMPHORA_DRIVER: 'amphora_noop_driver',
    OS_CERTIFICATES__CERT_GENERATOR: 'noop_cert_generator',
    ...(bed.zone === null ? {} : { OS_NOVA__AVAILABILITY_ZONE: bed.zone }),
  });
}

/** As the tenant, without a program that is started for each. */
async function caller(stage: Stage) {
  const { id: token } = await stage.tenant.json('token issue');
  return async (method: string, path: string, body?: object): Promise<Found> => {
    const answer = await fetch(`${stage.product.url}/v2/lbaas${path}`, {
      method,
      headers: { 'x-auth-token': token, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Found;
  };
}

interface Made extends Span {
  id: string;
}

async function create(ask: Awaited<ReturnType<typeof caller>>, name: string, subnet: string): Promise<Made> {
  const from = Date.now();
  const wish = { name, vip_subnet_id: subnet, provider: 'amphora' };
  const { loadbalancer } = await ask('POST', '/loadbalancers', { loadbalancer: wish });
  for (;;) {
    const { loadbalancer: now } = await ask('GET', `/loadbalancers/${loadbalancer.id}`);
    const to = Date.now();
    if (now.provisioning_status === 'ACTIVE') return { id: loadbalancer.id, from, to };
    if (now.provisioning_status === 'ERROR' || to - from > PATIENCE_MS) throw new Error(`${name} is not ACTIVE`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

const at = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;

export const services: FigureModule = {
  name: 'services',
  inPlace: true,
  async measure(say) {
    const stage = new Stage(NAME);
    const listener = new Listener(environment('TEST_TRANSPORT_URL'), 'nova', 'notifications', NAME);
    const names = Array.from({ length: COUNT }, (_, index) => `${NAME}-${index + 1}`);
    try {
      await play(stage);
      const { subnet } = await stage.network('front', '10.79.1.0/24');
      const ask = await caller(stage);
      const made: Made[] = [];
      // The first one learns what the services can do.
      await create(ask, NAME, subnet);
      for (const name of names) {
        made.push(await create(ask, name, subnet));
        say(`${name}: ${((made.at(-1)!.to - made.at(-1)!.from) / 1000).toFixed(1)} s`);
      }
      return await figuresOf(stage, listener, made, say);
    } finally {
      await stage.close([NAME, ...names]);
      await listener.stop();
    }
  },
};

async function figuresOf(
  stage: Stage,
  listener: Listener,
  made: readonly Made[],
  say: (line: string) => void,
): Promise<Figure[]> {
  const questions = questionsOf(stage.product.said());
  const rows: { whole: number; boot: number; own: number; asked: number }[] = [];
  for (const span of made) {
    const inside = questions.filter(({ from }) => from >= span.from && from <= span.to);
    const build = inside.find(({ request }) => request === 'POST /servers');
    const [amphora] = await stage.service.json(`loadbalancer amphora list --loadbalancer ${span.id}`);
    const { compute_id: server } = await stage.service.json(`loadbalancer amphora show ${amphora.id}`);
    const runs = listener.heard.find(({ event, payload }) => event === RUNS && payload.instance_id === server);
    if (build === undefined || runs === undefined) throw new Error(`nobody told when server ${server} ran`);
    const boot = { from: build.from, to: runs.at };
    rows.push({
      whole: span.to - span.from,
      boot: boot.to - boot.from,
      own: besides(span, [boot, ...inside]),
      asked: inside.length,
    });
  }
  const seconds = (pick: (row: (typeof rows)[number]) => number, share: number): number =>
    at(rows.map(pick), share) / 1000;
  say(
    `median: ${seconds(({ whole }) => whole, 0.5).toFixed(1)} s, of it Nova's ${seconds(({ boot }) => boot, 0.5).toFixed(1)} s`,
  );
  const common = { unit: 's', reference: null, wanted: 'at most' } as const;
  return [
    {
      ...common,
      figure: `create to ACTIVE without the boot, p95 of ${made.length}`,
      value: seconds(({ whole, boot }) => whole - boot, 0.95),
      bar: BAR_S,
    },
    {
      ...common,
      figure: 'of it not waiting for services of the cloud, p95',
      value: seconds(({ own }) => own, 0.95),
      bar: null,
    },
    {
      ...common,
      figure: 'questions to them, each, median',
      value: at(
        rows.map(({ asked }) => asked),
        0.5,
      ),
      unit: '',
      bar: null,
    },
  ];
}
