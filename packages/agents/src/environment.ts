/**
 * Variables that decide which account, provider and program an agent works with. They belong to a session as its folder does: whoever starts its
 * agent again, from wherever, gives it the same. Each driver lists its own; what is the same for all agents is here.
 */

export interface EnvironmentVariable {
  readonly name: string;
  readonly kind: EnvironmentKind;
  /** Its value is a credential, whatever it looks like: never kept, never shown. */
  readonly secret?: true;
}

/** `config-home`: where the agent keeps its settings, login and conversations. `account`: who it is. `provider`: whose models, and how. */
export type EnvironmentKind = "config-home" | "account" | "provider" | "base-url" | "proxy" | "model";

export const variables = (kind: EnvironmentKind, ...names: string[]): EnvironmentVariable[] => names.map((name) => ({ name, kind }));
export const secrets = (kind: EnvironmentKind, ...names: string[]): EnvironmentVariable[] =>
  names.map((name) => ({ name, kind, secret: true }));

/** What every agent of this kind of system heeds. */
export const commonVariables: readonly EnvironmentVariable[] = [
  ...variables("config-home", "HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"),
  ...variables("proxy", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"),
  ...variables("proxy", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR"),
];

/** Somebody's name and password in front of the host, or a credential behind the question mark. */
const CREDENTIAL_IN_URL = /:\/\/[^/\s?#]*@|[?&][^=&\s]*(key|token|secret|passw|auth|sig)[^=&\s]*=/i;
/** `user:password@host`, as proxies are written without a scheme. */
const CREDENTIAL_BEFORE_HOST = /^[^/\s@]+:[^/\s@]+@/;

/** Whether this value must not be written down. */
export function isSecretValue({ secret }: EnvironmentVariable, value: string): boolean {
  return secret === true || CREDENTIAL_IN_URL.test(value) || CREDENTIAL_BEFORE_HOST.test(value);
}
