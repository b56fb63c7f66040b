/** The hub this machine is configured for, for commands that only read or steer; they never start one. One that comes back elsewhere is followed. */
import { createHubApi, type HubApi } from "@hapi/client";
import { knownCliApiToken } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import { hubAddress } from "./hub-address.ts";

export interface ConfiguredHub {
  url: string;
  token: string;
}

export function configuredHub(env: Readonly<Record<string, string | undefined>>): ConfiguredHub {
  const { url } = hubAddress(env);
  const token = knownCliApiToken(env);
  if (!token)
    throw new AppError("missing_token", "This machine does not know a hub's token yet. Start one with: hapi hub, or run: hapi auth login");
  return { url, token };
}

export function hubApi(env: Readonly<Record<string, string | undefined>>): HubApi {
  const { token } = configuredHub(env);
  return createHubApi({
    baseUrl: () => hubAddress(env).url,
    accessToken: () => token,
    fetch: (input, init) => fetch(input, init).catch((cause: unknown) => Promise.reject(noHubAnswers(env, cause))),
  });
}

/** Whether it can be started here, only its own machine knows; without an address given it is the one of this home. */
export function noHubAnswers(env: Readonly<Record<string, string | undefined>>, cause?: unknown): AppError {
  const { url, source } = hubAddress(env);
  const where = source === "default" ? "Start it" : "Start it there";
  return new AppError("hub_unreachable", `No hub answers at ${url}. ${where} with: hapi hub, or see: hapi auth status`, { cause });
}
