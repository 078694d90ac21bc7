import { type Log, SILENT_LOG } from '@octavia/protocol/log';
import { faultKind, NotImplementedError } from '@octavia/provider-lib';
import { OctaviaError } from '../errors.ts';
import type { Tx } from '../store/core/database.ts';
import { isDatabaseUnavailable } from '../store/core/unavailable.ts';
import * as operations from '../store/operations/operations.ts';
import type { Change, Delivery, Provider } from './interface.ts';

/** A provider that has an answer to every call: what it leaves out is "not implemented". */
export interface GuardedProvider
  extends Required<Omit<Provider, 'createVip' | 'deliver'>>,
    Pick<Provider, 'createVip'> {
  /** Changes are handed over in a transaction of their own, one by one. */
  readonly delivers: boolean;
  /** Accepts the change in the transaction that writes it. */
  submit(tx: Tx, change: Change, subject?: Pick<Delivery, 'before' | 'mentioned'>): Promise<void>;
}

/** Wraps a provider so that whatever it raises reaches the client as the contract's table says (PD-CALL-WRAP). */
export function guard(provider: Provider, log: Pick<Log, 'info' | 'error'> = SILENT_LOG): GuardedProvider {
  const mapped = (error: unknown): unknown => {
    try {
      return told(error);
    } catch {
      // A driver may throw anything, also what has no text or throws when it is looked at.
      log.error({ provider: provider.name }, 'The driver raised something that cannot be read');
      return unknownFault(provider.name);
    }
  };
  const told = (error: unknown): unknown => {
    const fault = faultOf(provider.name, error);
    if (fault === error) return error;
    const raised = faultKind(error);
    const text = raised?.operator_fault_string ?? String(error);
    // What a driver says with words of its own any tenant can have as often as they like: no stack trace.
    const fields = { provider: provider.name, ...(raised ? {} : { err: error }) };
    if (fault instanceof OctaviaError && fault.status === 500) log.error(fields, text);
    else log.info(fields, text);
    return fault;
  };
  function call<A extends unknown[], T>(method: ((...args: A) => T) | undefined): (...args: A) => T {
    return (...args) => {
      try {
        if (!method) throw new NotImplementedError();
        return method(...args);
      } catch (error) {
        throw mapped(error);
      }
    };
  }
  function promised<A extends unknown[], T>(method: ((...args: A) => Promise<T>) | undefined) {
    return async (...args: A): Promise<T> => {
      try {
        if (!method) throw new NotImplementedError();
        return await method(...args);
      } catch (error) {
        throw mapped(error);
      }
    };
  }
  const { amphorae } = provider;
  const accept = call(provider.accept.bind(provider));
  const deliver = provider.deliver && promised(provider.deliver.bind(provider));
  return {
    name: provider.name,
    description: provider.description,
    isLoaded: provider.isLoaded?.bind(provider) ?? (() => true),
    check: call(provider.check.bind(provider)),
    accept,
    delivers: deliver !== undefined,
    async submit(tx, change, subject = { before: null, mentioned: null }) {
      const { operation, committed } = accept(change);
      if (operation) await operations.submit(tx, operation);
      await deliver?.(tx, { ...change, ...subject });
      if (committed) tx.afterCommit(committed);
    },
    checkVipNetwork: provider.checkVipNetwork
      ? promised(provider.checkVipNetwork.bind(provider))
      : async () => undefined,
    ...(provider.createVip ? { createVip: promised(provider.createVip.bind(provider)) } : {}),
    flavorCapabilities: promised(provider.flavorCapabilities?.bind(provider)),
    availabilityZoneCapabilities: promised(provider.availabilityZoneCapabilities?.bind(provider)),
    validateFlavor: promised(provider.validateFlavor?.bind(provider)),
    validateAvailabilityZone: promised(provider.validateAvailabilityZone?.bind(provider)),
    amphorae: {
      configure: promised(amphorae?.configure.bind(amphorae)),
      failover: promised(amphorae?.failover.bind(amphorae)),
      delete: promised(amphorae?.delete.bind(amphorae)),
    },
  };
}

const UNKNOWN = 'An unknown driver error occurred.';

const unknownFault = (provider: string): OctaviaError =>
  new OctaviaError('PROVIDER_ERROR', { provider, detail: UNKNOWN });

function faultOf(provider: string, error: unknown): unknown {
  // Ours and the database's say what they mean already.
  if (error instanceof OctaviaError || isDatabaseUnavailable(error)) return error;
  const options = { cause: error };
  const raised = faultKind(error);
  const detail = raised?.user_fault_string ?? UNKNOWN;
  switch (raised?.kind) {
    case 'UnsupportedOptionError':
      return new OctaviaError('PROVIDER_UNSUPPORTED_OPTION', { provider, detail }, options);
    case 'NotImplementedError':
      return new OctaviaError('PROVIDER_UNSUPPORTED_ACTION', { provider, detail }, options);
    case 'Conflict':
      return new OctaviaError('VIP_ADDRESS_IN_USE', { detail }, options);
    default:
      return new OctaviaError('PROVIDER_ERROR', { provider, detail }, options);
  }
}
