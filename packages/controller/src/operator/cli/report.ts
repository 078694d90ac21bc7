import { OctaviaError } from '../../errors.ts';

export interface Output {
  error(text: string): void;
  exit(code: number): void;
}

const PROCESS: Output = {
  error: (text) => void process.stderr.write(`${text}\n`),
  exit: (code) => {
    process.exitCode = code;
  },
};

/** A known error is its sentence and its remedy; a stack is for the unknown ones, in debug mode. Exit code 1. */
export function reportError(error: unknown, output: Output = PROCESS, debug = process.env.OS_DEFAULT__DEBUG): void {
  output.exit(1);
  if (error instanceof OctaviaError) {
    output.error(`${error.message}\n${error.remedy}`);
    return;
  }
  const wantsStack = /^(1|true|yes|on)$/i.test(debug ?? '');
  const message =
    error instanceof Error ? (wantsStack ? (error.stack ?? error.message) : error.message) : String(error);
  output.error(wantsStack ? message : `Unexpected error: ${message}\nSet OS_DEFAULT__DEBUG=true for the details.`);
}
