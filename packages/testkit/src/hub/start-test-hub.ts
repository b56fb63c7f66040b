/** The real hub in this process: free port, fresh home, quiet. Dispose it and the home is gone. */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startHub, type HubOptions, type RunningHub } from "@hapi/hub";
import { silentLogger } from "@hapi/platform";

export interface HubAccess {
  /** Access token of a namespace: `token` or `token:namespace`. */
  accessToken(namespace?: string): string;
  /** A JWT for the `/api` plane. */
  login(namespace?: string): Promise<string>;
}

export interface TestHub extends RunningHub, HubAccess {}

/** The ways into any hub whose token one knows. */
export function hubAccess(url: string, token: string): HubAccess {
  const accessToken = (namespace?: string): string => (namespace === undefined ? token : `${token}:${namespace}`);
  return {
    accessToken,
    async login(namespace) {
      const response = await fetch(`${url}/api/auth`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ accessToken: accessToken(namespace) }),
      });
      return ((await response.json()) as { token: string }).token;
    },
  };
}

export async function startTestHub(options: HubOptions & { keepHome?: boolean } = {}): Promise<TestHub> {
  const home = options.home ?? mkdtempSync(join(tmpdir(), "hapi-hub-"));
  const hub = await startHub({ port: 0, log: silentLogger, token: "test-secret-0123456789", ...options, home });
  const close = async (): Promise<void> => {
    await hub.close();
    if (options.home === undefined && options.keepHome !== true) await rm(home, { recursive: true, force: true });
  };
  return { ...hub, ...hubAccess(hub.url, hub.token), close, [Symbol.asyncDispose]: close };
}
