/** When the hub was last heard, also across restarts: a saved list is only honest with its age. Written now and then, not on every word. */
const KEY = "hapi_last_contact::";
const WRITE_EVERY_MS = 20_000;

export interface LastContact {
  at(): number | null;
  heard(now: number): void;
  forget(): void;
}

export function lastContact(baseUrl: string): LastContact {
  const key = KEY + baseUrl;
  const stored = Number(localStorage.getItem(key) ?? Number.NaN);
  let at = Number.isFinite(stored) ? stored : null;
  let writtenAt = 0;
  return {
    at: () => at,
    heard(now) {
      at = now;
      if (now - writtenAt < WRITE_EVERY_MS) return;
      writtenAt = now;
      localStorage.setItem(key, String(now));
    },
    forget() {
      at = null;
      localStorage.removeItem(key);
    },
  };
}
