import { describe, expect, test } from 'vitest';
import { renewalMargin } from '../../src/housekeeping/certificate-rotation.ts';

const DAY = 86_400;

describe('when a certificate is renewed', () => {
  test.each([
    ['as shipped: 14 days before the end', 30 * DAY, 14 * DAY, 14 * DAY],
    ['at two thirds of its life when the buffer is shorter', 30 * DAY, 1 * DAY, 10 * DAY],
    ['at half of its life when the buffer would make a new one due at once', 1 * DAY, 14 * DAY, DAY / 2],
    ['with no buffer at two thirds of its life', 3 * DAY, 0, DAY],
  ])('%s', (_, validity, buffer, margin) => {
    expect(renewalMargin(validity, buffer)).toBe(margin);
  });
});
