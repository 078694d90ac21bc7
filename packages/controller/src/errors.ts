/**
 * The error catalogue: every error that crosses a border of the system, in one table. `docs/errors.md` is compared with
 * it by a test. `message` is what a tenant reads (its code-style parts are wire-compatible), `remedy` is what an operator
 * or tenant can do about it. Placeholders `{name}` are filled from the parameters.
 */

interface CatalogueEntry {
  /** HTTP status when the error reaches the API. */
  status: number;
  message: string;
  remedy: string;
}

const define = <T extends Record<string, CatalogueEntry>>(table: T): T => table;

export const ERRORS = define({
  // Request syntax
  INVALID_JSON: {
    status: 400,
    message: 'Request is not in valid JSON format',
    remedy: 'Send a JSON object with Content-Type application/json.',
  },
  MISSING_ARGUMENT: {
    status: 400,
    message: 'Missing argument: "{argument}"',
    remedy: 'Send a request body, or name the object in the URI.',
  },
  UNKNOWN_ATTRIBUTE: {
    status: 400,
    message: 'Unknown attribute for argument {argument}: {names}',
    remedy: 'Remove the attribute; see /v2/openapi.json for the accepted ones.',
  },
  UNKNOWN_ATTRIBUTES: {
    status: 400,
    message: 'Unknown attributes for argument {argument}: {names}',
    remedy: 'Remove the attributes; see /v2/openapi.json for the accepted ones.',
  },
  INVALID_ATTRIBUTE: {
    status: 400,
    message: "Invalid input for field/attribute {name}. Value: '{value}'. {reason}",
    remedy: 'Correct the value as the reason says.',
  },
  BODY_TOO_LARGE: {
    status: 413,
    message: 'Request body is larger than {limit} bytes.',
    remedy: 'Split the request, or raise [oslo_middleware] max_request_body_size.',
  },
  // Semantics
  INVALID_OPTION: {
    status: 400,
    message: '{value} is not a valid option for {option}',
    remedy: 'Choose an accepted value.',
  },
  DISABLED_OPTION: {
    status: 400,
    message: 'The selected {option} is not allowed in this deployment: {value}',
    remedy: 'Ask the operator to enable it in [api_settings].',
  },
  VALIDATION: { status: 400, message: 'Validation failure: {detail}', remedy: 'Correct the request as described.' },
  INVALID_FILTER: {
    status: 400,
    message: 'One or more arguments are either duplicate or invalid',
    remedy: 'Filter only by top-level attributes of the resource, each once.',
  },
  NETWORK_OBJECT_NOT_FOUND: {
    status: 400,
    message: '{kind} {id} not found.',
    remedy: 'Name an existing object that the project may use.',
  },
  CLOUD_OBJECT_NOT_FOUND: {
    status: 404,
    message: '{kind} {id} could not be found.',
    remedy: 'Ask for one of the list, such as GET /v2.0/subnets.',
  },
  CLOUD_QUERY: {
    status: 400,
    message: 'Invalid query: {detail}',
    remedy: 'Filter and sort by attributes that the objects show; page with limit and marker.',
  },
  PROVIDER_NOT_ENABLED: {
    status: 400,
    message: "Provider '{provider}' is not enabled.",
    remedy: 'Use a provider from GET /v2/lbaas/providers.',
  },
  FLAVOR_PROVIDER_MISMATCH: {
    status: 400,
    message: "Flavor '{flavor}' is not compatible with provider '{provider}'",
    remedy: 'Leave the provider out, or choose a flavor of this provider.',
  },
  INVALID_L7POLICY_ARGUMENTS: {
    status: 400,
    message: 'Invalid L7 Policy arguments: {detail}',
    remedy: 'Give the target that belongs to the action, and no other.',
  },
  INVALID_L7POLICY_ACTION: {
    status: 400,
    message: 'Invalid L7 Policy action specified: {action}',
    remedy: 'Use REJECT, REDIRECT_TO_URL, REDIRECT_TO_POOL or REDIRECT_PREFIX.',
  },
  INVALID_L7RULE: {
    status: 400,
    message: 'Error parsing L7Rule: {detail}',
    remedy: 'Choose a comparison, a key and a value that the type of rule takes.',
  },
  CERTIFICATE_UNREADABLE: {
    status: 400,
    message: 'Could not retrieve certificate: {refs}',
    remedy: 'Name a secret that exists, that the service may read, in a certificate store that is configured.',
  },
  PKCS12_UNREADABLE: {
    status: 400,
    message:
      'The PKCS12 bundle is unreadable. Please check the PKCS12 bundle validity. In addition, make sure it does not require a pass phrase.',
    remedy: 'Make the bundle again, with `openssl pkcs12 -export -passout pass:`.',
  },
  CERTIFICATE_WITHOUT_NAME: {
    status: 400,
    message: 'No CN or DNSName(s) found in certificate. The certificate is invalid.',
    remedy: 'Use a certificate whose subject has a common name, or that has alternative names.',
  },
  CERTIFICATE_UNUSABLE: {
    status: 400,
    message: 'The certificate bundle cannot be used: {detail}',
    remedy: 'Store a bundle of a certificate, its unencrypted private key and its intermediates, as PEM or PKCS#12.',
  },
  CIPHERS_UNUSABLE: {
    status: 400,
    message: 'None of tls_ciphers can be used with {versions}{whose}.',
    remedy:
      'Name a cipher that can, such as ECDHE-RSA-AES128-SHA for TLSv1 and TLSv1.1 or ECDHE-ECDSA-AES128-GCM-SHA256 for a key of an elliptic curve, or leave the versions out.',
  },
  PROMETHEUS_CHILD: {
    status: 400,
    message: 'Protocol PROMETHEUS listeners cannot have child objects.',
    remedy: 'Attach pools and policies to another listener.',
  },
  INVALID_SORT_KEY: {
    status: 400,
    message: "Supplied sort key '{key}' is not valid.",
    remedy: 'Sort by a top-level attribute.',
  },
  INVALID_SORT_DIRECTION: {
    status: 400,
    message: "Supplied sort direction '{direction}' is not valid.",
    remedy: 'Use asc or desc.',
  },
  INVALID_MARKER: {
    status: 400,
    message: "Supplied pagination marker '{marker}' is not valid.",
    remedy: 'Use the id of an object of the previous page.',
  },
  INVALID_LIMIT: {
    status: 400,
    message: "Supplied pagination limit '{limit}' is not valid.",
    remedy: 'Use a whole number.',
  },
  MISSING_PROJECT: {
    status: 400,
    message:
      'Validation failure: Missing project ID in request where one is required. An administrator should check the keystone settings in the Octavia configuration.',
    remedy: 'Give project_id in the body, or authenticate with a project-scoped token.',
  },
  // Access
  UNAUTHENTICATED: {
    status: 401,
    message: 'The request you have made requires authentication.',
    remedy: 'Send a valid token in X-Auth-Token; WWW-Authenticate names the identity service.',
  },
  FORBIDDEN: {
    status: 403,
    message: 'Policy does not allow this request to be performed.',
    remedy: 'Ask for the role the policy requires.',
  },
  IDENTITY_UNAVAILABLE: {
    status: 503,
    message: 'The Keystone service is temporarily unavailable.',
    remedy: 'Try again; the log of the API has what Keystone answered and to which address.',
  },
  QUOTA_EXCEEDED: {
    status: 403,
    message: 'Quota has been met for resources: {resources}',
    remedy: 'Delete what is not needed, or ask the operator for a higher quota.',
  },
  PROJECT_BUSY: {
    status: 503,
    message: 'Project busy.  Unable to lock the project.  Please try again.',
    remedy: 'Repeat the request; many creates of one project run at the same time.',
  },
  // Existence and routes
  NOT_FOUND: { status: 404, message: '{kind} {id} not found.', remedy: 'Check the id.' },
  ROUTE_NOT_FOUND: { status: 404, message: 'The resource could not be found.', remedy: 'Check the URI.' },
  METHOD_NOT_ALLOWED: {
    status: 405,
    message: 'The method {method} is not allowed for this resource.',
    remedy: 'See /v2/openapi.json for the methods.',
  },
  MALFORMED_REQUEST: {
    status: 400,
    message: 'The request is not valid HTTP.',
    remedy: 'Send HTTP/1.1 with a Host header.',
  },
  INVALID_HOST: {
    status: 400,
    message: 'The Host header does not name a host.',
    remedy: 'Send one Host header with a host name or address and, if need be, a port.',
  },
  UNSUPPORTED_ENCODING: {
    status: 415,
    message: "Request bodies with Content-Encoding '{encoding}' are not supported.",
    remedy: 'Send the body as it is, without a Content-Encoding.',
  },
  REQUEST_TIMEOUT: {
    status: 408,
    message: 'The request did not arrive completely in time.',
    remedy: 'Send the whole request at once.',
  },
  EXPECTATION_FAILED: {
    status: 417,
    message: 'The expectation {expectation} cannot be met.',
    remedy: 'Leave the Expect header out, or send 100-continue.',
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    message: 'The headers of the request are larger than 16384 bytes.',
    remedy: 'Send fewer or shorter headers; a shorter query helps, too.',
  },
  NOT_ACCEPTABLE: {
    status: 406,
    message: 'Only application/json can be produced.',
    remedy: 'Accept application/json.',
  },
  // State
  LB_INVALID_STATE: {
    status: 409,
    message: 'Invalid state {state} of loadbalancer resource {id}',
    remedy: 'Wait until the load balancer is ACTIVE; GET its operations for what is running.',
  },
  IMMUTABLE: {
    status: 409,
    message: '{kind} {id} is immutable and cannot be updated.',
    remedy: 'Wait until the running operation ends; GET the operations of the load balancer.',
  },
  OPERATION_STATE: {
    status: 409,
    message: 'Operation {id} is {state}: {detail}',
    remedy: 'Show the operation, and choose what fits its state.',
  },
  DUPLICATE_LISTENER: {
    status: 409,
    message: 'Another Listener on this Load Balancer is already using protocol {protocol} and protocol_port {port}',
    remedy: 'Choose another port.',
  },
  DUPLICATE_MEMBER: {
    status: 409,
    message: 'Another member on this pool is already using ip {address} on protocol_port {port}',
    remedy: 'Update the existing member instead.',
  },
  DUPLICATE_HEALTH_MONITOR: {
    status: 409,
    message: 'This pool already has a health monitor',
    remedy: 'Update or delete the existing health monitor.',
  },
  DUPLICATE_DEFAULT_POOL: {
    status: 409,
    message: 'This listener already has a default pool',
    remedy: 'Create the pool with loadbalancer_id, then update the listener.',
  },
  POOL_IN_USE: {
    status: 409,
    message: 'Pool {id} is in use by L7 policy {policy}',
    remedy: 'Delete or redirect the policy first.',
  },
  NAME_TAKEN: {
    status: 409,
    message: 'A {kind} of {name} already exists.',
    remedy: 'Choose another name.',
  },
  OBJECT_IN_USE: {
    status: 409,
    message: '{object} {id} is in use and cannot be modified.',
    remedy: 'Remove what uses it first.',
  },
  TOO_MANY_RULES: {
    status: 409,
    message: 'Too many rules on L7 policy {id}',
    remedy: 'Delete rules, or spread them over several policies.',
  },
  VIP_ADDRESS_IN_USE: {
    status: 409,
    message: 'The VIP IP address is already in use: {detail}',
    remedy: 'Choose another address, or let the service assign one.',
  },
  // Providers
  PROVIDER_ERROR: {
    status: 500,
    message: "Provider '{provider}' reports error: {detail}",
    remedy: 'See the controller log for the request id.',
  },
  PROVIDER_UNSUPPORTED_ACTION: {
    status: 501,
    message: "Provider '{provider}' does not support a requested action: {detail}",
    remedy: 'Use another provider.',
  },
  PROVIDER_UNSUPPORTED_OPTION: {
    status: 501,
    message: "Provider '{provider}' does not support a requested option: {detail}",
    remedy: 'Use another option or provider.',
  },
  IPVS_MISSING: {
    status: 501,
    message:
      "Provider '{provider}' does not support a requested option: UDP and SCTP are balanced by the kernel. {detail}",
    remedy: 'Load the kernel module ip_vs (`modprobe ip_vs`) on the host of the amphorae; no restart is needed.',
  },
  PROVIDER_NOT_FOUND: {
    status: 501,
    message: "Provider '{provider}' was not found.",
    remedy: 'Remove it from [api_settings] enabled_provider_drivers, or install its driver.',
  },
  INTERNAL: {
    status: 500,
    message: 'An unknown exception occurred. The request id is {requestId}.',
    remedy: 'Search the controller log for the request id.',
  },
  DATABASE_UNAVAILABLE: {
    status: 503,
    message: 'The database is not available at the moment: {why}. Please try again.',
    remedy: 'Check PostgreSQL, the space on its disk, and [database] connection. What was accepted goes on by itself.',
  },
  DATABASE_CONTENTION: {
    status: 503,
    message: 'Another change was in the way of this one. Please try again.',
    remedy:
      'Repeat the request. When it happens often, the log of PostgreSQL says which statements met (deadlock detected).',
  },
  // Clouds
  SUBNET_NO_FREE_ADDRESS: {
    status: 409,
    message: 'No more IP addresses available on subnet {subnet}.',
    remedy: 'Delete unused ports or use a larger subnet.',
  },
  ADDRESS_NOT_IN_SUBNET: {
    status: 400,
    message: 'IP address {address} is not a usable address of subnet {subnet} ({cidr}).',
    remedy: 'Choose a host address inside the subnet.',
  },
  // Data plane
  AMPHORA_UNREACHABLE: {
    status: 500,
    message: 'Amphora {id} did not answer at {address}: {detail}',
    remedy: 'Check that the amphora runs and the management network is up.',
  },
  AMPHORA_REFUSED: {
    status: 500,
    message: 'Amphora {id} answered {status} to {request}: {detail}',
    remedy: 'The detail is the text of the agent itself; for a refused configuration it is that of HAProxy.',
  },
  CONFIGURATION_REFUSED: {
    status: 500,
    message: 'HAProxy refused the configuration of listener {id}: {detail}',
    remedy:
      'Change or delete what HAProxy names. The other listeners are served, and every later change tries this one again.',
  },
  UNSAFE_CONFIGURATION_VALUE: {
    status: 500,
    message: 'A value for {keyword} has a character that HAProxy configuration cannot hold.',
    remedy: 'Remove control characters from the value.',
  },
  COMPUTE_BUILD_FAILED: {
    status: 500,
    message: 'Compute instance {name} could not be built: {detail}',
    remedy: 'See the compute log; the load balancer can be failed over or deleted.',
  },
  COMPUTE_ATTACH_FAILED: {
    status: 500,
    message: 'Port {port} could not be attached to compute instance {instance}: {detail}',
    remedy: 'See the compute log; the load balancer can be failed over.',
  },
  BUILD_SLOT_TIMEOUT: {
    status: 500,
    message: 'Failed to get an amphora build slot within {seconds} s.',
    remedy:
      'Other amphorae are being built: raise [haproxy_amphora] build_rate_limit, or fail the load balancer over later.',
  },
  // Flows
  OPERATION_ABANDONED: {
    status: 500,
    message: 'Operation {id} was stopped: {detail}',
    remedy: 'Fail over or delete the object.',
  },
  OPERATION_GONE: {
    status: 500,
    message: 'The operation this waited for is gone. {advice}',
    remedy: 'Do what the sentence says. Operators: the log tells when it was found.',
  },
  OPERATOR_RESET: {
    status: 500,
    message: '{detail}',
    remedy: 'An operator has set this status by hand; ask why.',
  },
  UNEXPECTED_ERROR: {
    status: 500,
    message:
      'An unexpected error occurred in the controller. The operator finds the cause in the log under the operation id.',
    remedy: 'Look up the id of the operation in the log of the worker.',
  },
  // Start-up and configuration (never on the wire)
  BAD_OPTION: {
    status: 500,
    message: '{file}: [{section}] {option} = {value}: {reason}',
    remedy: 'Correct the option and start again.',
  },
  BAD_CONFIG_FILE: { status: 500, message: '{file}, line {line}: {reason}', remedy: 'Correct the file.' },
  BAD_POLICY_FILE: { status: 500, message: 'Policy file {file}: {reason}', remedy: 'Correct the file.' },
  CONFIG_FILE_UNREADABLE: {
    status: 500,
    message: 'Configuration file {file} cannot be read: {reason}',
    remedy: 'Check the path and its permissions.',
  },
  STARTUP: { status: 500, message: '{detail}', remedy: 'Do what the sentence says and start again.' },
});

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

  constructor(code: ErrorCode, parameters: ErrorParameters = {}, options?: { cause?: unknown }) {
    super(fill(ERRORS[code].message, parameters), options);
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
