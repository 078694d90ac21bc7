/** Counts comparisons and shows those that differ. */
export class Report {
  done = 0;
  failed = 0;

  /** @param difference null when both are equal */
  compared(what: string, difference: string | null): void {
    this.done += 1;
    if (difference === null) return;
    this.failed += 1;
    process.stdout.write(`FAIL ${what}\n     ${difference.replaceAll('\n', '\n     ')}\n`);
  }

  equal(what: string, ours: unknown, theirs: unknown): void {
    const [left, right] = [ours, theirs].map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
    this.compared(what, left === right ? null : `ours:   ${left}\ntheirs: ${right}`);
  }

  section(title: string): void {
    process.stdout.write(`\n── ${title}\n`);
  }

  summary(): void {
    process.stdout.write(`\n${this.done} comparisons, ${this.failed} differ\n`);
  }
}
