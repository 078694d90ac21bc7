/** One line per event on standard error, which the sandbox's console log or the journal keeps. */

export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** @param debugEnabled asked for every line, because `[DEFAULT] debug` may change at run time */
export function createLog(debugEnabled: () => boolean, write = (line: string) => process.stderr.write(line)): Log {
  const line = (level: string, message: string): void => {
    write(`${new Date().toISOString()} ${level} ${message.replaceAll('\n', ' | ')}\n`);
  };
  return {
    debug: (message) => {
      if (debugEnabled()) line('DEBUG', message);
    },
    info: (message) => line('INFO', message),
    warn: (message) => line('WARNING', message),
    error: (message) => line('ERROR', message),
  };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
