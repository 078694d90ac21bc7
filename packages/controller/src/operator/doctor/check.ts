/** One question about an installation and its answer. */
type Result = 'success' | 'warning' | 'failure';

export interface Finding {
  check: string;
  result: Result;
  /** One sentence, or several lines: what is wrong, with ids. */
  details: string;
}

export type Check = () => Promise<Finding[]>;

export const success = (check: string, details: string): Finding => ({ check, result: 'success', details });
export const warning = (check: string, details: string): Finding => ({ check, result: 'warning', details });
export const failure = (check: string, details: string): Finding => ({ check, result: 'failure', details });

const SHOWN = 10;

/** A heading with the first of many things below it. */
export function listing(heading: string, lines: string[]): string {
  const more = lines.length > SHOWN ? [`… and ${lines.length - SHOWN} more`] : [];
  return [heading, ...lines.slice(0, SHOWN), ...more].join('\n');
}

const SEVERITY: Record<Result, number> = { success: 0, warning: 1, failure: 2 };

/** Exit code: 0 all well, 1 some warning, 2 some failure. */
export const exitCode = (findings: Finding[]): number =>
  Math.max(0, ...findings.map((finding) => SEVERITY[finding.result]));

/** Runs every check; one that breaks is a failure of its own. */
export async function runChecks(checks: Record<string, Check>): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [name, check] of Object.entries(checks)) {
    try {
      findings.push(...(await check()));
    } catch (error) {
      findings.push(failure(name, error instanceof Error ? error.message : String(error)));
    }
  }
  return findings;
}

/** A table of check, result and details, as `octavia-status` prints it. */
export function table(title: string, findings: Finding[]): string {
  const rows = findings.flatMap(({ check, result, details }) => [
    `| Check: ${check}`,
    `| Result: ${result[0]?.toUpperCase()}${result.slice(1)}`,
    ...details.split('\n').map((line, index) => `| ${index === 0 ? 'Details: ' : '  '}${line}`),
    null,
  ]);
  const width = Math.max(title.length + 4, ...rows.map((row) => row?.length ?? 0));
  const rule = `+${'-'.repeat(width)}+`;
  const line = (text: string): string => `${text.padEnd(width + 1)}|`;
  return [rule, line(`| ${title}`), rule, ...rows.map((row) => (row === null ? rule : line(row)))].join('\n');
}
