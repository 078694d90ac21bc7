import { describe, expect, test } from 'vitest';
import { Fenced } from '../../src/flows/in-charge.ts';
import { type Claimant, Places, type Work } from '../../src/flows/places.ts';

const of = (projectId: string, work: Work = 'change'): Claimant => ({ projectId, work });

/** Operations that work until they are told to end. */
class Office {
  readonly places: Places;
  /** In the order in which they got their places. */
  readonly began: string[] = [];
  readonly #ends = new Map<string, () => void>();

  constructor(atOnce: number, inFlight = 1000) {
    this.places = new Places({ atOnce, inFlight });
  }

  /** @param before what the operation does first */
  submit(name: string, claimant: Claimant, before: () => Promise<void> = async () => undefined): Promise<void> {
    return this.places.run(claimant, async () => {
      await before();
      this.began.push(name);
      await new Promise<void>((resolve) => this.#ends.set(name, resolve));
    });
  }

  async end(name: string): Promise<void> {
    this.#ends.get(name)?.();
    await settled();
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('places', () => {
  test('only so many work at once; who ends makes room', async () => {
    const office = new Office(2);
    for (const name of ['a', 'b', 'c']) void office.submit(name, of(name));
    await settled();
    expect(office.began).toEqual(['a', 'b']);
    await office.end('a');
    expect(office.began).toEqual(['a', 'b', 'c']);
  });

  test('an operation that fails makes room too', async () => {
    const office = new Office(2);
    const failing = office.places.run(of('a'), async () => {
      throw new Error('broken');
    });
    await expect(failing).rejects.toThrow('broken');
    for (const name of ['b', 'c']) void office.submit(name, of(name));
    await settled();
    expect(office.began).toEqual(['b', 'c']);
  });

  test('who waits for something else has no place, and takes one again afterwards', async () => {
    const office = new Office(2);
    let booted = (): void => undefined;
    const boot = () => office.places.away(() => new Promise<void>((resolve) => (booted = resolve)));
    void office.submit('boots', of('a', 'failover'), boot);
    for (const name of ['b', 'c', 'd']) void office.submit(name, of(name));
    await settled();
    expect(office.began).toEqual(['b', 'c']);
    booted();
    await settled();
    expect(office.began).toEqual(['b', 'c']);
    await office.end('b');
    await office.end('c');
    expect(office.began.toSorted()).toEqual(['b', 'boots', 'c', 'd']);
  });

  test('what is waited for within another wait is waited for once', async () => {
    const office = new Office(2);
    const twice = () => office.places.away(() => office.places.away(async () => undefined));
    void office.submit('a', of('a'), twice);
    void office.submit('b', of('b'), twice);
    void office.submit('c', of('c'));
    await settled();
    expect(office.began).toHaveLength(2);
  });

  test('a wait keeps the place for as long as it is told to', async () => {
    const office = new Office(2);
    let booted = (): void => undefined;
    const boot = () => office.places.away(() => new Promise<void>((resolve) => (booted = resolve)), 20);
    for (const name of ['a', 'b']) void office.submit(name, of(name), boot);
    void office.submit('c', of('c'));
    await settled();
    expect(office.began).toEqual([]);
    while (office.began.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(office.began).toEqual(['c']);
    booted();
  });

  test('a wait that fails takes the place again: what was done is undone with it', async () => {
    const office = new Office(2);
    const gone = office.submit('a', of('a'), () => office.places.away(async () => Promise.reject(new Error('gone'))));
    await expect(gone).rejects.toThrow('gone');
    for (const name of ['b', 'c', 'd']) void office.submit(name, of(name));
    await settled();
    expect(office.began).toEqual(['b', 'c']);
  });

  test('lanes beside each other have a place each, and the operation none of its own', async () => {
    const office = new Office(2);
    const lanes: string[] = [];
    await office.places.run(of('a'), () =>
      office.places.beside(['left', 'right', 'middle'].map((lane) => async () => void lanes.push(lane))),
    );
    expect(lanes).toEqual(['left', 'right', 'middle']);
    for (const name of ['b', 'c', 'd']) void office.submit(name, of(name));
    await settled();
    expect(office.began).toEqual(['b', 'c']);
  });

  test('what belongs to no operation waits and works as it likes', async () => {
    const { places } = new Office(2);
    const done: string[] = [];
    await places.away(async () => void done.push('waited'));
    await places.beside(['x', 'y'].map((lane) => async () => void done.push(lane)));
    expect(done).toEqual(['waited', 'x', 'y']);
  });
});

describe('turns', () => {
  test('builds leave half of the places to others', async () => {
    const office = new Office(4);
    for (let index = 0; index < 10; index++) void office.submit(`build ${index}`, of(`project ${index}`, 'build'));
    void office.submit('change', of('x'));
    void office.submit('failover', of('y', 'failover'));
    await settled();
    expect(office.began).toEqual(['build 0', 'build 1', 'change', 'failover']);
  });

  test('others leave room to builds when both wait', async () => {
    const office = new Office(2);
    for (const name of ['a', 'b', 'c', 'd']) void office.submit(name, of(name));
    void office.submit('build', of('e', 'build'));
    await settled();
    await office.end('a');
    await office.end('b');
    expect(office.began).toEqual(['a', 'b', 'build', 'c']);
  });

  test('projects take turns, each in the order of its wishes', async () => {
    const office = new Office(2);
    for (const name of ['a1', 'a2', 'a3', 'a4', 'a5', 'b1', 'b2', 'c1']) void office.submit(name, of(name.slice(0, 1)));
    for (const name of ['a1', 'a2', 'a3', 'b1', 'c1', 'a4']) {
      await settled();
      await office.end(name);
    }
    expect(office.began).toEqual(['a1', 'a2', 'a3', 'b1', 'c1', 'a4', 'b2', 'a5']);
  });

  test('the last quarter of the places is for projects that have none', async () => {
    const office = new Office(8);
    for (let index = 0; index < 20; index++) void office.submit(`a ${index}`, of('a'));
    await settled();
    expect(office.began).toHaveLength(6);
    for (const name of ['b1', 'c1', 'd1']) void office.submit(name, of(name.slice(0, 1)));
    await settled();
    expect(office.began.slice(6)).toEqual(['b1', 'c1']);
  });

  test('only so many builds are begun; those that wait for their machines count', async () => {
    const office = new Office(8, 2);
    const boots: (() => void)[] = [];
    const boot = () => office.places.away(() => new Promise<void>((resolve) => boots.push(resolve)));
    for (const name of ['a', 'b', 'c']) void office.submit(name, of(name, 'build'), boot);
    void office.submit('failover', of('d', 'failover'), boot);
    void office.submit('change', of('e'));
    await settled();
    expect(boots).toHaveLength(3);
    expect(office.began).toEqual(['change']);
    boots[0]?.();
    await settled();
    await office.end('a');
    expect(boots).toHaveLength(4);
  });
});

test('when it closes nothing is begun any more, and what was begun ends', async () => {
  const office = new Office(2);
  let booted = (): void => undefined;
  const boot = () => office.places.away(() => new Promise<void>((resolve) => (booted = resolve)));
  const begun = office.submit('a', of('a', 'failover'), boot);
  for (const name of ['b', 'c']) void office.submit(name, of(name));
  const waiting = office.submit('d', of('d'));
  await settled();
  office.places.close();
  await expect(waiting).rejects.toThrow(Fenced);
  await expect(office.submit('e', of('e'))).rejects.toThrow(Fenced);
  booted();
  await office.end('b');
  await office.end('a');
  await begun;
  expect(office.began).toEqual(['b', 'c', 'a']);
});
