/**
 * The error catalogue: every error that crosses a border of the system, in one table made of one part per area (`errors/`).
 * `docs/errors.md` is compared with it by a test.
 */
import { accessErrors } from './errors/access.ts';
import { commandErrors } from './errors/commands.ts';
import { configurationErrors } from './errors/configuration.ts';
import { controllerErrors } from './errors/controller.ts';
import { httpErrors } from './errors/http.ts';
import { installationErrors } from './errors/installation.ts';
import { providerErrors } from './errors/providers.ts';
import { requestErrors } from './errors/requests.ts';
import { stateErrors } from './errors/state.ts';

/** A code stands in one part only. */
export const ERROR_PARTS = [
  requestErrors,
  accessErrors,
  httpErrors,
  stateErrors,
  providerErrors,
  controllerErrors,
  configurationErrors,
  installationErrors,
  commandErrors,
] as const;

export const ERRORS = {
  ...requestErrors,
  ...accessErrors,
  ...httpErrors,
  ...stateErrors,
  ...providerErrors,
  ...controllerErrors,
  ...configurationErrors,
  ...installationErrors,
  ...commandErrors,
};

export type ErrorCode = keyof typeof ERRORS;
export type ErrorParameters = Record<string, string | number>;

/** Fills `{name}` placeholders. A missing parameter stays visible as its placeholder. */
function fill(pattern: string, parameters: ErrorParameters): string {
  return pattern.replace(/\{(\w+)\}/g, (placeholder, name: string) => String(parameters[name] ?? placeholder));
}

/** The only error type thrown across a border. `message` is safe for the tenant. */
export class OctaviaError extends Error {
  readonly code: ErrorCode;
  readonly parameters: ErrorParameters;

  /** @param options `at`: the place in a document that has several, told with the message */
  constructor(code: ErrorCode, parameters: ErrorParameters = {}, options?: { cause?: unknown; at?: string }) {
    super(`${fill(ERRORS[code].message, parameters)}${options?.at ? ` (at ${options.at})` : ''}`, options);
    this.name = 'OctaviaError';
    this.code = code;
    this.parameters = parameters;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get remedy(): string {
    return fill(ERRORS[this.code].remedy, this.parameters);
  }
}

export function isOctaviaError(error: unknown, code?: ErrorCode): error is OctaviaError {
  return error instanceof OctaviaError && (code === undefined || error.code === code);
}
