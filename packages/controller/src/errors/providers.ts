/** Providers, and the clouds and amphorae that they work with. */
import { define } from './entry.ts';

export const providerErrors = define({
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
  // Amphorae
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
  IMAGE_NOT_FOUND: {
    status: 500,
    message: 'There is no image to build amphorae from: {detail}',
    remedy:
      'Provide an image with the tag of the flavor or of [controller_worker] amp_image_tag; the load balancer can be failed over then.',
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
});
