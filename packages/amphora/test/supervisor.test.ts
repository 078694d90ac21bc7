/** The watch over services of one kind: what it starts and when, and what it leaves alone meanwhile. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Log } from '../src/log.ts';
import { AgentState } from '../src/state/agent-state.ts';
import { type Supervised, Supervisor } from '../src/system/supervisor.ts';

/** Lives in memory, so that time can be the test's own. */
class Service implements Supervised {
  readonly id: string;
  readonly onExit: () => void;
  content: Buffer | null = Buffer.from('configuration');
  serving = false;
  inDoubt = false;
  start: () => Promise<void> = async () => {};
  /** Seconds since the beginning. */
  readonly attempts: number[] = [];
  readonly activated: boolean[] = [];

  constructor(id: string, onExit: () => void) {
    this.id = id;
    this.onExit = onExit;
  }

  stored = async (): Promise<Buffer | null> => this.content;
  isServing = async (): Promise<boolean> => this.serving;
  isInDoubt = async (): Promise<boolean> => this.inDoubt;
  boundOutput = async (): Promise<void> => {};

  async activate(force: boolean): Promise<void> {
    this.activated.push(force);
    await this.start();
  }

  async revive(): Promise<void> {
    this.attempts.push(Math.round(Date.now() / 1_000));
    await this.start();
    this.serving = true;
  }
}

class Services extends Supervisor<Service> {
  readonly made: Service[];
  ready = true;
  emptyings = 0;

  constructor(state: AgentState, log: Log, setUp: Partial<Service>[]) {
    super('program', state, log);
    this.made = setUp.map((values, index) => Object.assign(new Service(`${index}`, () => {}), values));
  }

  async begin(): Promise<void> {
    await this.adopt(this.made.map(({ id }) => id));
    this.watch();
  }

  protected make(id: string, onExit: () => void): Service {
    const service = Object.assign(this.made[Number(id)] ?? new Service(id, onExit), { onExit });
    this.made[Number(id)] = service;
    return service;
  }

  protected override async canStart(): Promise<boolean> {
    return this.ready;
  }

  protected override async emptied(): Promise<void> {
    this.emptyings += 1;
  }
}

const refuse = (): Promise<void> => Promise.reject(new Error('address not there'));

let folder: string;
let state: AgentState;
let lines: string[];
let services: Services;

const say = (fields: object, message: string): void => {
  const { id, attempt, err } = fields as { id?: string; attempt?: number; err?: Error };
  lines.push([id, message, attempt, err?.message].filter((part) => part !== undefined).join(': '));
};
const log: Log = { debug: say, info: say, warn: say, error: say };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'supervisor-'));
  lines = [];
  state = await AgentState.load(folder, log);
  for (const id of ['0', '1']) await state.setDesired(id, 'running');
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: 0 });
});

afterEach(async () => {
  services.end();
  vi.useRealTimers();
  await rm(folder, { recursive: true });
});

async function begin(...setUp: Partial<Service>[]): Promise<Service[]> {
  services = new Services(state, log, setUp);
  await services.begin();
  await vi.advanceTimersByTimeAsync(1);
  return services.made;
}

const seconds = async (count: number): Promise<void> => void (await vi.advanceTimersByTimeAsync(count * 1_000));

test('a start that fails is tried ever later, at once after a kick, and says so until one succeeds', async () => {
  const [service] = await begin({ start: refuse });
  await seconds(18);
  expect(service?.attempts).toEqual([0, 1, 2, 4, 9]);
  expect(services.isFailed('0')).toBe(true);
  expect(lines.slice(-2)).toEqual([
    '0: program is not running; starting it: 5',
    '0: program could not be looked after; trying again: address not there',
  ]);
  Object.assign(service ?? {}, { start: async () => {} });
  services.kick();
  await vi.advanceTimersByTimeAsync(1);
  expect(service?.attempts).toEqual([0, 1, 2, 4, 9, 18]);
  expect(services.isFailed('0')).toBe(false);
});

test('what ran for long and cannot start any more is tried ever later, too', async () => {
  const [service] = await begin({});
  await seconds(100);
  Object.assign(service ?? {}, { serving: false, attempts: [], start: refuse });
  service?.onExit();
  await seconds(18);
  expect(service?.attempts).toEqual([100, 101, 102, 104, 109]);
});

test('what ends is started again without waiting for the next look, unless it is not to run', async () => {
  const [service, stopped] = await begin({ serving: true }, {});
  await vi.advanceTimersByTimeAsync(100);
  for (const one of [service, stopped]) Object.assign(one ?? {}, { serving: false, attempts: [] });
  await state.setDesired('1', 'stopped');
  service?.onExit();
  await vi.advanceTimersByTimeAsync(1);
  expect(service?.attempts).toEqual([0]);
  await seconds(3);
  expect(stopped?.attempts).toEqual([]);
  expect(services.wanted()).toEqual([service]);
});

test('no attempt is counted while something is missing that every start needs', async () => {
  services = new Services(state, log, [{}]);
  services.ready = false;
  await services.begin();
  await seconds(5);
  expect(services.made[0]?.attempts).toEqual([]);
  services.ready = true;
  await seconds(1);
  expect(services.made[0]?.attempts).toHaveLength(1);
  expect(lines).toEqual(['0: program is not running; starting it: 1']);
});

test('one that takes long to start is started once and keeps no other waiting', async () => {
  const [slow, quick] = await begin({ start: () => new Promise(() => {}) }, {});
  await seconds(5);
  expect([slow?.attempts, quick?.attempts]).toEqual([[0], [0]]);
});

test('nothing is started during a change, and after it the attempts count from the beginning', async () => {
  const [service] = await begin({ start: refuse });
  await seconds(5);
  expect(service?.attempts).toEqual([0, 1, 2, 4]);
  const end = Promise.withResolvers<string>();
  const change = services.change('0', () => end.promise);
  await seconds(10);
  end.resolve('answer');
  expect(await change).toBe('answer');
  await vi.advanceTimersByTimeAsync(1);
  await seconds(1);
  expect(service?.attempts).toEqual([0, 1, 2, 4, 15, 16]);
});

test('what a change stops has not failed, and is not started by a look that waited for its end', async () => {
  const [service] = await begin({ start: refuse });
  const end = Promise.withResolvers<void>();
  const change = services.change('0', async () => {
    await end.promise;
    await state.setDesired('0', 'stopped');
  });
  await seconds(3);
  end.resolve();
  await change;
  await vi.advanceTimersByTimeAsync(1);
  expect(service?.attempts).toEqual([0]);
  expect(services.isFailed('0')).toBe(false);
});

test('of those it finds it keeps what is stored, and reloads what an agent left in doubt', async () => {
  const doubtful = { serving: true, inDoubt: true };
  const others = [{ content: null }, { serving: true }, { inDoubt: true }];
  const found = await begin({ ...doubtful, start: refuse }, doubtful, ...others);
  expect(services.all().map(({ id }) => id)).toEqual(['0', '1', '3', '4']);
  expect(found.map(({ activated }) => activated)).toEqual([[true], [true], [], [], []]);
  expect(found.flatMap(({ attempts }) => attempts)).toEqual([]);
  expect(lines).toEqual(['0: program could not be reloaded: address not there']);
});

test('the last one that a change removes is told, also when the change fails', async () => {
  await begin({}, {});
  const remove = async (service: Service): Promise<void> => {
    service.content = null;
    throw new Error('half done');
  };
  await expect(services.change('0', remove)).rejects.toThrow('half done');
  expect([services.find('0'), services.emptyings]).toEqual([null, 0]);
  await expect(services.change('1', remove)).rejects.toThrow('half done');
  expect([services.find('1'), services.emptyings]).toEqual([null, 1]);
});

test('one whose files cannot be read is neither given up nor in the way of the others', async () => {
  const unreadable = { stored: () => Promise.reject(new Error('file cannot be read: EIO')) };
  const [broken, sound] = await begin({ ...unreadable, serving: true }, { serving: true, inDoubt: true });
  expect(services.all().map(({ id }) => id)).toEqual(['0', '1']);
  expect([broken?.activated, sound?.activated]).toEqual([[], [true]]);
  expect(lines).toEqual(['0: program could not be taken over: file cannot be read: EIO']);
  expect(await services.change('0', async () => 'answer')).toBe('answer');
  expect(services.find('0')).not.toBeNull();
  await expect(services.change('0', () => Promise.reject(new Error('half done')))).rejects.toThrow('half done');
  expect(services.find('0')).not.toBeNull();
});
