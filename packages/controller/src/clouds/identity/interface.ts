/** Who sends a request. */

/** A service as the catalogue of a token names it. */
export interface CatalogService {
  readonly name: string;
  readonly type: string;
  readonly endpoints: readonly { readonly interface: string; readonly url: string }[];
}

/** Somebody that the identity service, or the absence of one, vouches for. */
export interface Identity {
  readonly userId: string | null;
  readonly userName: string | null;
  readonly userDomainId: string | null;
  /** null for tokens of another scope */
  readonly projectId: string | null;
  readonly projectName: string | null;
  readonly projectDomainId: string | null;
  /** Set for tokens of a domain. */
  readonly domainId: string | null;
  /** `all` for tokens of the whole system. */
  readonly systemScope: string | null;
  readonly roles: readonly string[];
  /** Roles of the service that sends the request for its user. */
  readonly serviceRoles: readonly string[];
  /** Read only where somebody asks for it. */
  readonly catalog?: readonly CatalogService[];
}

/** Header name in lower case → value. A repeated header has one value for each time. */
export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

export interface IdentityDriver {
  /** What to tell a caller without a valid token; `WWW-Authenticate` of the answer. */
  readonly challenge: string | null;
  /** Everybody is an administrator. */
  readonly trustsEverybody: boolean;
  /**
   * @returns null when the request proves nobody's identity
   * @throws OctaviaError IDENTITY_UNAVAILABLE when that cannot be found out now
   */
  identify(headers: RequestHeaders): Promise<Identity | null>;
  close(): Promise<void>;
}
