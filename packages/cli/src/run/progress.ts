/** What an operation is doing, in words for people: `building amphora 2 of 2, 14 s`. */
import type { OwnOperation } from '@octavia/client';
import { StatusLine } from '../output/screen.ts';
import type { Surroundings } from '../surroundings.ts';

/** `amphora <id>` or the id alone. */
const AMPHORA = /(?:amphora )?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/g;
const OF_BUILD = /^(?:record amphora|boot amphora|wait for instance of|wait for agent of) /;

/** `apply configuration` → `applying configuration`. */
function going(name: string): string {
  const [verb = '', ...rest] = name.split(' ');
  const stem = verb.endsWith('plug') ? `${verb}g` : verb.replace(/e$/, '');
  return [`${stem}ing`, ...rest].join(' ');
}

/** Amphorae by what number they are in this operation. */
function numbers({ steps }: OwnOperation): ReadonlyMap<string, number> {
  const ids = [
    ...new Set(
      steps
        .filter(({ name }) => OF_BUILD.test(name))
        .flatMap(({ name }) => [...name.matchAll(AMPHORA)].map(([, id]) => id ?? '')),
    ),
  ];
  return new Map(ids.map((id, index) => [id, index + 1]));
}

/** @param now milliseconds since 1970 */
export function progressOf(operation: OwnOperation, now: number): string {
  const { state, steps, created_at: created } = operation;
  const seconds = `${Math.max(0, Math.round((now - Date.parse(`${created}Z`)) / 1000))} s`;
  if (state === 'queued') return `waiting for its turn, ${seconds}`;
  const amphorae = numbers(operation);
  const named = (name: string): string => {
    const plain = name.replaceAll(AMPHORA, (_, id: string) => {
      const number = amphorae.get(id);
      return number === undefined ? 'an amphora' : `amphora ${number} of ${amphorae.size}`;
    });
    return OF_BUILD.test(name) ? plain.replace(/^.*?(?=amphora \d)/, 'building ') : going(plain);
  };
  const step = steps.findLast((each) => each.state === 'running') ?? steps.at(-1);
  if (step === undefined) return `begun, ${seconds}`;
  return `${step.phase === 'undo' ? 'undoing: ' : ''}${named(step.name)}, ${seconds}`;
}

/** How often the seconds go on. */
const TICK_MS = 1_000;

/** What `--wait` waits for, on one line of standard error. */
export class ProgressLine {
  readonly #line: StatusLine;
  readonly #operationsOf: () => Promise<readonly OwnOperation[]>;
  readonly #started = Date.now();
  readonly #tick: NodeJS.Timeout;
  #operation: OwnOperation | null = null;
  #state = '';

  /** @param operationsOf what is being done; a failure of it means that nobody knows */
  constructor(screen: Pick<Surroundings, 'err' | 'errColumns'>, operationsOf: () => Promise<readonly OwnOperation[]>) {
    this.#line = new StatusLine(screen);
    this.#operationsOf = operationsOf;
    this.#tick = setInterval(() => this.#draw(), TICK_MS);
  }

  /** @param state provisioning status at this look */
  async seen(state: string): Promise<void> {
    this.#state = state;
    const operations = await this.#operationsOf().catch(() => []);
    this.#operation = operations.find(({ state: each }) => each !== 'succeeded' && each !== 'failed') ?? null;
    this.#draw();
  }

  #draw(): void {
    const elapsed = Date.now() - this.#started;
    if (this.#state === '') return;
    this.#line.show(
      this.#operation === null
        ? `${this.#state}, ${Math.round(elapsed / 1000)} s`
        : // The clock of the service may be another.
          progressOf(this.#operation, Date.parse(`${this.#operation.created_at}Z`) + elapsed),
    );
  }

  end(): void {
    clearInterval(this.#tick);
    this.#line.clear();
  }
}
