import { header } from '../header.ts';
import type { Identity, IdentityDriver, RequestHeaders } from '../interface.ts';

/** `[api_settings] auth_strategy = noauth`: everybody is believed; headers name the project, the user and the roles. */
export class NoauthIdentityDriver implements IdentityDriver {
  readonly challenge = null;
  readonly trustsEverybody = true;

  async identify(headers: RequestHeaders): Promise<Identity> {
    return {
      userId: header(headers, 'x-user-id'),
      userName: header(headers, 'x-user-name'),
      userDomainId: header(headers, 'x-user-domain-id'),
      projectId: header(headers, 'x-project-id') ?? header(headers, 'x-tenant-id'),
      projectName: header(headers, 'x-project-name'),
      projectDomainId: header(headers, 'x-project-domain-id'),
      domainId: null,
      systemScope: null,
      roles: (header(headers, 'x-roles') ?? '')
        .split(',')
        .map((role) => role.trim())
        .filter(Boolean),
      serviceRoles: [],
    };
  }

  async close(): Promise<void> {}
}
