import type { Identity } from '../clouds/identity/interface.ts';

/** Who asks. */
export interface Caller extends Identity {
  /** What the rule `context_is_admin` says of them; everybody without authentication. */
  readonly isAdmin: boolean;
}
