import { Conflict, DriverError, NotImplementedError, UnsupportedOptionError } from '@octavia/provider-lib';
import { OctaviaError } from '../errors.ts';
import { isDatabaseUnavailable } from '../store/database.ts';
import type { Provider } from './interface.ts';

export interface GuardLogger {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Wraps a provider so that whatever it raises reaches the client as the contract's table says (PD-CALL-WRAP). */
export function guard(provider: Provider, log: GuardLogger): Provider {
  const mapped = (error: unknown): unknown => {
    const fault = faultOf(provider.name, error);
    if (fault === error) return error;
    const operatorText = (error as { operatorFaultString?: string }).operatorFaultString;
    const fields = { provider: provider.name, err: error };
    if (fault instanceof OctaviaError && fault.status === 500) log.error(fields, operatorText ?? String(error));
    else log.info(fields, operatorText ?? String(error));
    return fault;
  };
  return {
    name: provider.name,
    description: provider.description,
    check(candidate) {
      try {
        provider.check(candidate);
      } catch (error) {
        throw mapped(error);
      }
    },
    async submit(tx, change) {
      try {
        await provider.submit(tx, change);
      } catch (error) {
        throw mapped(error);
      }
    },
  };
}

function faultOf(provider: string, error: unknown): unknown {
  // Ours and the database's say what they mean already.
  if (error instanceof OctaviaError || isDatabaseUnavailable(error)) return error;
  const options = { cause: error };
  if (error instanceof UnsupportedOptionError) {
    return new OctaviaError('PROVIDER_UNSUPPORTED_OPTION', { provider, detail: error.userFaultString }, options);
  }
  if (error instanceof NotImplementedError) {
    return new OctaviaError('PROVIDER_UNSUPPORTED_ACTION', { provider, detail: error.userFaultString }, options);
  }
  if (error instanceof Conflict)
    return new OctaviaError('VIP_ADDRESS_IN_USE', { detail: error.userFaultString }, options);
  const detail = error instanceof DriverError ? error.userFaultString : 'An unknown driver error occurred.';
  return new OctaviaError('PROVIDER_ERROR', { provider, detail }, options);
}
