/**
 * Asks an address for a page on fresh connections, forty times a second whatever became of those before, until its input ends. Prints what came of it: how
 * many answers, how many failures, and the longest time (ms) without an answer.
 */
import { request } from 'node:http';

const PAUSE_MS = 25;
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
async function once(): Promise<void> {
  if (await ask()) {
    answers += 1;
    const now = performance.now();
    longestGapMs = Math.max(longestGapMs, now - lastAnswer);
    lastAnswer = now;
  } else {
    failures += 1;
  }
}

const asked: Promise<void>[] = [];
while (!ended) {
  asked.push(once());
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}
longestGapMs = Math.round(Math.max(longestGapMs, performance.now() - lastAnswer));
await Promise.all(asked);
process.stdout.write(JSON.stringify({ answers, failures, longestGapMs }));
