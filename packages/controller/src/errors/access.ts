/** Who may do what, and how much. */
import { define } from './entry.ts';

export const accessErrors = define({
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
});
