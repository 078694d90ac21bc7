/** What the modules of `npm run bench:controller` hand in. */

export interface Figure {
  figure: string;
  value: number;
  /** e.g. `s`, `/s`, `MB` */
  unit: string;
  /** What OpenStack Octavia needed or reached on such a machine, when it was measured. */
  reference: number | null;
  /** Null: shown without being judged. */
  bar: number | null;
  /** Whether the bar is a floor (rates) or a ceiling (times, sizes). */
  wanted: 'at least' | 'at most';
}

/** One group of figures; brings up and takes down what it measures. */
export interface FigureModule {
  name: string;
  /** Measured in the network in which it is started, and only where it is named. */
  inPlace?: true;
  /** What needs the network of the host, before `measure` runs in one of its own. */
  prepare?(say: (line: string) => void): Promise<void>;
  /** @param say progress, not part of the result */
  measure(say: (line: string) => void): Promise<Figure[]>;
}

export const reached = ({ value, bar, wanted }: Figure): boolean =>
  bar === null || (wanted === 'at least' ? value >= bar : value <= bar);

export function figureLine(figure: Figure): string {
  const { unit, bar, reference, wanted } = figure;
  const amount = (value: number) => `${Number(value.toPrecision(4)).toLocaleString('en-US')} ${unit}`;
  const judged = bar === null ? '' : `   (bar: ${wanted === 'at least' ? '≥' : '≤'} ${amount(bar)})`;
  const compared = reference === null ? '' : `OpenStack Octavia ${amount(reference)}`;
  return `${reached(figure) ? 'ok  ' : 'MISS'}  ${figure.figure.padEnd(52)} ${amount(figure.value).padStart(14)}   ${compared.padEnd(30)}${judged}`;
}
