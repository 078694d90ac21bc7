/**
 * Asks an address for a page on fresh connections, many times a second, until its input ends. Prints what came of it: how
 * many answers, how many failures, and the longest time (ms) without an answer.
 */
import { request } from 'node:http';

const PAUSE_MS = 20;
const PATIENCE_MS = 1_000;
const [host = ''] = process.argv.slice(2);

function ask(): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ host, port: 80, agent: false, timeout: PATIENCE_MS }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(true));
      answer.on('error', () => resolve(false));
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer')));
    asked.on('error', () => resolve(false));
    asked.end();
  });
}

let ended = false;
process.stdin.resume();
process.stdin.on('end', () => {
  ended = true;
});

let answers = 0;
let failures = 0;
let longestGapMs = 0;
let lastAnswer = performance.now();
async function stream(): Promise<void> {
  while (!ended) {
    if (await ask()) {
      answers += 1;
      const now = performance.now();
      longestGapMs = Math.max(longestGapMs, now - lastAnswer);
      lastAnswer = now;
    } else {
      failures += 1;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

// Several at once: one that waits for its time limit does not hide that others are answered.
await Promise.all([stream(), stream(), stream()]);
longestGapMs = Math.round(Math.max(longestGapMs, performance.now() - lastAnswer));
process.stdout.write(JSON.stringify({ answers, failures, longestGapMs }));
