/** Set up before each file: the test in which an answer differs from the OpenAPI document fails, whatever else it looks at. */
import { appendFileSync } from 'node:fs';
import { afterAll, afterEach, expect } from 'vitest';
import { takeMismatches, takeSeen } from './answers.ts';

let different = 0;

function judged(): void {
  const found = takeMismatches();
  different += found.length;
  expect(found, 'answers that are not as docs/openapi.json says').toEqual([]);
}

afterEach(judged);
afterAll(() => {
  const late = takeMismatches();
  const summary = process.env.OPENAPI_ANSWERS;
  const seen = takeSeen();
  if (summary) appendFileSync(summary, `${JSON.stringify({ different: different + late.length, seen })}\n`);
  expect(late, 'answers that are not as docs/openapi.json says').toEqual([]);
});
