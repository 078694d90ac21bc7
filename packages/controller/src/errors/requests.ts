/** Requests that ask for something that cannot be: their form, and what it means. */
import { define } from './entry.ts';

export const requestErrors = define({
  // Form
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
  // Meaning
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
  EVENTS_FORGOTTEN: {
    status: 410,
    message: 'Events were missed that are kept no longer.',
    remedy:
      'Read everything anew; events from here on follow. [house_keeping] event_expiry_age says how long they are kept.',
  },
  EVENT_READER_SLOW: {
    status: 503,
    message: 'This reader did not take its events fast enough, and is disconnected.',
    remedy: 'Connect again with the id of the last event as Last-Event-ID: nothing is missed. Filter, or read faster.',
  },
  EVENT_READERS_EXHAUSTED: {
    status: 503,
    message: '{limit} clients listen to the events of this process already.',
    remedy: 'Try again later, or ask the operator to raise [api_settings] event_readers.',
  },
  SERVICE_STOPPING: {
    status: 503,
    message: 'This process of the service is being stopped.',
    remedy: 'Connect again: another process answers, or this one when it is back.',
  },
  COMPUTE_OBJECT_NOT_FOUND: {
    status: 400,
    message: '{kind} {id} not found.',
    remedy: 'Name one that the compute service has and its service user may use.',
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
  CERTIFICATE_FORBIDDEN: {
    status: 400,
    message: 'Could not retrieve certificate: {refs}. It may not be read: give user {user} read access to it.',
    remedy:
      'Run `openstack acl user add --user USER REFERENCE`, of a container for each of its secrets, too; or name the reference with a token of its project that may change its access list, and it is done for you.',
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
});
