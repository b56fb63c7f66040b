/**
 * Which hub, and the access token for it. The key is the one existing HAPI web apps use, so that signing in carries over. The token of one
 * hub is never sent to another: it is stored under that hub's address.
 */

/** What a QR link carried; `boot.ts` has already taken it out of the address bar. */
export interface LinkCredentials {
  token?: string;
  hub?: string;
}

export interface OfferedHub {
  hub: string;
  token: string | null;
}

const HUB_KEY = "hapi_hub_url";
const TOKEN_PREFIX = "hapi_access_token::";

export interface KeyValue {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** An http(s) origin without a trailing slash, or null. */
export function hubOrigin(text: string): string | null {
  if (!/^https?:\/\//i.test(text.trim())) return null;
  return URL.canParse(text.trim()) ? new URL(text.trim()).origin : null;
}

export type Credentials = ReturnType<typeof createCredentials>;

export function createCredentials(storage: KeyValue, ownOrigin: string) {
  const baseUrl = (): string => storage.getItem(HUB_KEY) ?? ownOrigin;
  const useHub = (hub: string): void => {
    if (hub === ownOrigin) storage.removeItem(HUB_KEY);
    else storage.setItem(HUB_KEY, hub);
  };
  return {
    baseUrl,
    isOwnHub: (): boolean => baseUrl() === ownOrigin,
    token: (): string | null => storage.getItem(TOKEN_PREFIX + baseUrl()),
    save: (token: string): void => storage.setItem(TOKEN_PREFIX + baseUrl(), token.trim()),
    forget: (): void => storage.removeItem(TOKEN_PREFIX + baseUrl()),
    useOwnHub: (): void => useHub(ownOrigin),
    /** The person said so. */
    takeHub({ hub, token }: OfferedHub): void {
      useHub(hub);
      if (token !== null) storage.setItem(TOKEN_PREFIX + hub, token);
    },
  };
}
