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
  PROVIDER_REPORTED_ERROR: {
    status: 500,
    message: "Provider '{provider}' reported ERROR.",
    remedy:
      "See the log of the provider's driver; the object can be changed, failed over or deleted where its status allows it.",
  },
  PROVIDER_CHANGE_LOST: {
    status: 500,
    message: "Provider '{provider}' did not finish the change: {detail}",
    remedy: 'Fail over or delete the load balancer; what the driver reports later counts all the same.',
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
  VIP_ADDRESS_REFUSED: {
    status: 400,
    message: 'The network service cannot give the VIP this address: {detail}',
    remedy: 'Choose a host address inside the subnet, or let the service assign one.',
  },
  VIP_PORT_MISMATCH: {
    status: 500,
    message: 'VIP port {port} is broken: {detail}. It is the user’s, so it is not made again.',
    remedy:
      'Give the port the network and the addresses of the VIP again, or delete it: then the load balancer makes its own.',
  },
  NETWORK_EXTENSION_MISSING: {
    status: 500,
    message: 'The network service has no extension {extension}, without which {why}.',
    remedy: 'Enable the extension in Neutron (service_plugins and extension_drivers of neutron.conf).',
  },
  // Services of OpenStack. Tenants may read the message: no addresses in it.
  OPENSTACK_UNAVAILABLE: {
    status: 503,
    message: '{service} is not available at the moment: {detail}',
    remedy: 'Try again. Operators: the log has the address, and the log of the service the request id.',
  },
  OPENSTACK_QUOTA: {
    status: 403,
    message: '{service} refuses it because a quota or limit is reached: {detail}',
    remedy: 'Delete what is not needed, or ask the operator for a higher quota in that service.',
  },
  OPENSTACK_CONFLICT: {
    status: 409,
    message: '{service} refuses it in the present state: {detail}',
    remedy: 'Remove what is in the way, or try again later.',
  },
  OPENSTACK_NOT_FOUND: {
    status: 404,
    message: '{service} does not know it: {detail}',
    remedy: 'Check the id, and that the user of [service_auth] may see it.',
  },
  OPENSTACK_UNAUTHORISED: {
    status: 500,
    message: '{service} does not let the service user in: {detail}',
    remedy:
      'Check the login in [service_auth] or [keystone_authtoken] and the roles of its user; `octavia doctor` tries it.',
  },
  OPENSTACK_REFUSED: {
    status: 500,
    message: '{service} refuses it: {detail}',
    remedy: 'The detail is the text of the service; its log has more under the request id.',
  },
  OPENSTACK_ANSWER: {
    status: 500,
    message: 'The answer of {service} cannot be understood: {detail}',
    remedy: 'Check that its address, in the catalogue or in octavia.conf, leads to that service.',
  },
  OPENSTACK_ENDPOINT_MISSING: {
    status: 500,
    message: '{service} cannot be found. {detail}',
    remedy:
      'Add the endpoint to the catalogue, or set endpoint, endpoint_type, region_name or service_name of its section.',
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
  COMPUTE_FLAVOR_UNUSABLE: {
    status: 500,
    message: 'Nothing can be built with the compute flavor: {detail}',
    remedy:
      'Check compute_flavor of the flavor, else [controller_worker] amp_flavor_id, and that the service user may use it.',
  },
  COMPUTE_NETWORK_UNUSABLE: {
    status: 500,
    message: 'Nothing can be built on the management network: {detail}',
    remedy:
      'Check management_network of the availability zone, else [controller_worker] amp_boot_network_list, which has to name the network where there are several.',
  },
  COMPUTE_ZONE_UNUSABLE: {
    status: 500,
    message: 'Nothing can be built in the compute zone: {detail}',
    remedy: 'Check compute_zone of the availability zone, else [nova] availability_zone.',
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
  COMPUTE_DETACH_FAILED: {
    status: 500,
    message: 'Port {port} could not be detached from compute instance {instance}: {detail}',
    remedy: 'See the compute log; [networking] port_detach_timeout says how long it may take.',
  },
  COMPUTE_NO_RESOURCES: {
    status: 500,
    message: 'The host of compute instance {instance} has no resources for port {port}: {detail}',
    remedy: 'Provide hosts with free devices or bindings for ports of this kind; the load balancer can be failed over.',
  },
  BUILD_SLOT_TIMEOUT: {
    status: 500,
    message: 'Failed to get an amphora build slot within {seconds} s.',
    remedy:
      'Other amphorae are being built: raise [haproxy_amphora] build_rate_limit, or fail the load balancer over later.',
  },
});
