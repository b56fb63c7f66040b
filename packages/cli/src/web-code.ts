/** What lets in the browser that opens a link of this machine: a one-time code, never the token itself. */
import { createHubApi } from "@hapi/client";
import { AppError, parser, toAppError } from "@hapi/protocol";
import { codeAnswer } from "@hapi/protocol/credentials";
import type { ConfiguredHub } from "./hub-api.ts";

const readCode = parser(codeAnswer);

/**
 * Makes one browser all that the namespace of `token` may: in `default`, its owner's.
 * @returns null where the hub knows no codes, of an older version or another make
 */
export async function webCode({ url, token }: ConfiguredHub): Promise<string | null> {
  const api = createHubApi({ baseUrl: url, accessToken: () => token });
  try {
    const response = await api.open("POST", "/api/credentials/codes", { body: { role: "admin" } });
    const made = readCode(await response.json());
    if (made === null) throw new AppError("protocol_mismatch");
    return made.code;
  } catch (cause) {
    const error = toAppError(cause);
    if (error.code === "not_found") return null;
    if (error.code === "scope_missing") throw new AppError("scope_missing", mayNotWords, { cause });
    throw error;
  }
}

const mayNotWords =
  "This machine's sign-in may let no browser in. Make a code on the hub's own computer: hapi web; or in a signed-in browser: Settings, Devices";
