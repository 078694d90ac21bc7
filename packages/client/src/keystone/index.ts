/** Identity on Node: who asks, which cloud, and where its services are. */
export type { Api } from '../api.ts';
export { AnswerError, ApiError, OctaviaError, refused, UnreachableError } from '../errors.ts';
export { type Send, unreachable } from '../http.ts';
export { AUTH_OPTIONS } from './auth-options.ts';
export { AUTH_TYPES, type Auth, wantsPassword } from './auth-types.ts';
export { type CatalogEntry, EndpointError, type EndpointQuestion, endpointOf, typesOf } from './catalog.ts';
export {
  type CloudConfig,
  type CloudQuestion,
  resolveCloud,
  serviceSetting,
} from './cloud-config.ts';
export { CloudConfigError } from './cloud-config-error.ts';
export {
  type CloudFile,
  type CloudFiles,
  type Environment,
  readCloudFiles,
  type SearchOptions,
  searchPath,
} from './cloud-files.ts';
export { type Connection, type ConnectOptions, connect } from './connect.ts';
export { nodeSend, type TlsOptions } from './node-send.ts';
export type { Invitation } from './openid.ts';
export { KeystoneSession, type SessionOptions, type Token, type TokenStore } from './session.ts';
export { tokenFile } from './token-file.ts';
