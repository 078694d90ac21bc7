import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Systemd } from '../../src/processes/foreground.ts';

const said: string[] = [];
const notify = (...words: string[]) => void said.push(words.join(' '));

beforeEach(() => {
  said.length = 0;
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('without systemd nothing is told', () => {
  const systemd = new Systemd({}, notify);
  systemd.ready();
  systemd.stopping();
  expect(said).toEqual([]);
});

test('tells when the service is ready, feeds the watchdog, and tells when it stops', () => {
  const systemd = new Systemd(
    { NOTIFY_SOCKET: '/run/n', WATCHDOG_USEC: '30000000', WATCHDOG_PID: `${process.pid}` },
    notify,
  );
  systemd.ready();
  vi.advanceTimersByTime(30_000);
  expect(said).toEqual(['--ready --status=running', 'WATCHDOG=1', 'WATCHDOG=1', 'WATCHDOG=1']);
  systemd.stopping();
  vi.advanceTimersByTime(60_000);
  expect(said.slice(4)).toEqual(['STOPPING=1 --status=ending what is under way']);
});

test('a watchdog meant for another process is not fed', () => {
  const systemd = new Systemd({ NOTIFY_SOCKET: '/run/n', WATCHDOG_USEC: '3000000', WATCHDOG_PID: '1' }, notify);
  systemd.ready();
  vi.advanceTimersByTime(10_000);
  expect(said).toEqual(['--ready --status=running']);
});
