/** What the author of a provider driver needs. Depends on nothing else of this project. */
export * as constants from './constants.ts';
export {
  type AdditionalVip,
  HealthMonitor,
  L7Policy,
  L7Rule,
  Listener,
  LoadBalancer,
  Member,
  type Metadata,
  Pool,
  type SessionPersistence,
  type TlsContainer,
  VIP,
  type VipDictionary,
} from './data-models.ts';
export type { DriverClass, DriverContext, DriverLog } from './driver-context.ts';
export {
  DEFAULT_SOCKETS,
  DriverLibrary,
  type LibraryOptions,
  type ListenerStatistics,
  type SocketPaths,
  type StatusRecord,
  type StatusUpdate,
} from './driver-library.ts';
export {
  Conflict,
  DriverAgentNotFound,
  DriverAgentTimeout,
  DriverError,
  type Faults,
  NotFound,
  NotImplementedError,
  type StatisticsFault,
  type StatusFault,
  UnsupportedOptionError,
  UpdateStatisticsError,
  UpdateStatusError,
} from './errors.ts';
export { type FaultKind, faultKind } from './kinds.ts';
export { type DictOptions, type FieldsOf, ProviderModel } from './model.ts';
export type { ProviderAgent } from './provider-agent.ts';
export { type Answer, ProviderDriver } from './provider-base.ts';
export { isUnset, orElse, type Settable, Unset, type UnsetType } from './unset.ts';
export { FrameReader, frame, MalformedMessage } from './wire.ts';
