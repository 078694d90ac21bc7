/** Why notifications could not be handed to the message bus, in words for operators. All of them go later. */
export class BusProblem extends Error {}

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code ?? '');

/** The library puts the name of the AMQP method in front of what the broker says. */
const saidByBroker = (error: unknown): string => text(error).replace(/^(?:[A-Za-z]+: )?/, '');

/** What an error of a connection that was being opened means. @param broker as `host:port` */
export function connectingFailed(error: unknown, broker: string, username: string, isTls: boolean): string {
  switch (codeOf(error)) {
    case 'ACCESS_REFUSED':
      return `${broker} does not let the user ${username} in: the password is wrong, or it has no such user`;
    case 'NOT_ALLOWED':
      return `${broker} refuses: ${saidByBroker(error)}`;
    case 'CONNECTION_TIMEOUT':
      return `${broker} does not answer`;
    case 'CONN_CLOSE':
    case 'ECONNRESET':
      return isTls ? `${broker} hangs up` : `${broker} hangs up; does it expect TLS ([oslo_messaging_rabbit] ssl)?`;
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return `the certificate of ${broker} comes from an unknown authority: set [oslo_messaging_rabbit] ssl_ca_file (${text(error)})`;
    default:
      return `${broker} cannot be reached: ${text(error) || codeOf(error)}`;
  }
}

/** What an error in the middle of the work means. */
export const publishingFailed = (error: unknown, broker: string): string => `${broker}: ${saidByBroker(error)}`;

/** The broker has one of that name which is otherwise, or it lets others alone make one. */
export const isThereOtherwise = (error: unknown): boolean =>
  ['PRECONDITION_FAILED', 'ACCESS_REFUSED', 'RESOURCE_LOCKED'].includes(codeOf(error));
