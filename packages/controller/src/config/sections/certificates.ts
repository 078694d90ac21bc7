import { bool, int, secret, section, string } from '../option.ts';

/** The key of AES-256 is 32 bytes, and the text itself is the key. */
const aesKey = (value: string): string | null =>
  /^[A-Za-z0-9_-]{32}$/.test(value) ? null : 'must be exactly 32 characters of A-Z, a-z, 0-9, - and _';

export const certificates = section('Issuing amphora certificates, and the store of tenants’ certificates.', {
  cert_manager: string('barbican_cert_manager', 'Certificate/secret store driver.'),
  cert_generator: string('local_cert_generator', 'Amphora certificate issuer driver.'),
  barbican_auth: string('barbican_acl_auth', 'Barbican authentication method.'),
  service_name: string(null, 'Certificate service name in the identity catalog.'),
  endpoint: string(null, 'Overrides the catalog endpoint.'),
  region_name: string(null, 'Catalog region for the key manager.'),
  endpoint_type: string('publicURL', 'Catalog interface for the key manager.'),
  ca_certificates_file: string(null, 'CA bundle for verifying the key manager.'),
  insecure: bool(false, 'Skip TLS verification towards the key manager.'),
  ca_certificate: string('/etc/ssl/certs/ssl-cert-snakeoil.pem', 'Signing CA certificate.', {
    fallbackEnv: 'OS_OCTAVIA_TLS_CA_CERT',
  }),
  ca_private_key: string('/etc/ssl/private/ssl-cert-snakeoil.key', 'Signing CA key.', {
    fallbackEnv: 'OS_OCTAVIA_TLS_CA_KEY',
  }),
  ca_private_key_passphrase: secret(null, 'CA key passphrase.', { fallbackEnv: 'OS_OCTAVIA_CA_KEY_PASS' }),
  server_certs_key_passphrase: secret(
    'insecure-key-do-not-use-this-key',
    'Key of 32 base64url characters that encrypts amphora certificates and keys.',
    {
      fallbackEnv: 'TLS_PASS_AMPS_DEFAULT',
      check: aesKey,
      defaultWarning: 'is the published default; set a key of your own',
    },
  ),
  signing_digest: string('sha256', 'Signature digest.', { fallbackEnv: 'OS_OCTAVIA_CA_SIGNING_DIGEST' }),
  storage_path: string(
    '/var/lib/octavia/certificates/',
    'Folder of the certificates that local_cert_manager reads and `octavia certificate add` writes.',
    { fallbackEnv: 'OS_OCTAVIA_TLS_STORAGE' },
  ),
  cert_validity_time: int(2592000, 'Amphora certificate lifetime in seconds (30 days).', { min: 1 }),
});
