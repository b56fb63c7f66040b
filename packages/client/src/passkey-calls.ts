/**
 * Passkeys: making, listing and signing in with them. What a browser's `navigator.credentials` takes and gives goes through as it is. Beside
 * `HubApi`, since few pages need them.
 */
import { isRecord } from "@hapi/core";
import { parser } from "@hapi/protocol";
import { passkeyAnswer, passkeySchema, type PasskeyView } from "@hapi/protocol/passkeys";
import * as z from "zod/mini";
import { type Ask, expected } from "./asking.ts";
import type { Http } from "./http.ts";

const readPasskey = parser(passkeySchema);
const readAnswer = parser(passkeyAnswer);
const readDevice = parser(z.looseObject({ refresh: z.string() }));

const PATH = "/api/passkeys";
const at = (id: string): string => `${PATH}/${encodeURIComponent(id)}`;

/** But for proofs, which anyone may give, all of them ask for `admin`. */
export function passkeyCalls({ request }: Pick<Ask, "request">) {
  return {
    async list(signal?: AbortSignal): Promise<PasskeyView[]> {
      const answer = await request("GET", PATH, { signal });
      if (!isRecord(answer) || !Array.isArray(answer["passkeys"])) return expected<PasskeyView[]>(null);
      return answer["passkeys"].flatMap((one: unknown) => readPasskey(one) ?? []);
    },
    /** `PublicKeyCredentialCreationOptionsJSON`. `passkey_unavailable`: not at this page's address. */
    creationOptions: (): Promise<unknown> => request("POST", `${PATH}/options`, { body: {} }),
    /** `response`: `RegistrationResponseJSON` */
    async add(name: string, response: unknown): Promise<PasskeyView> {
      return expected(readAnswer(await request("POST", PATH, { body: { name, response } }))).passkey;
    },
    rename: (id: string, name: string): Promise<unknown> => request("PUT", at(id), { body: { name } }),
    /** `PublicKeyCredentialRequestOptionsJSON`. `passkey_unavailable`: none of this person's is for this page's name. */
    proofOptions: (): Promise<unknown> => request("POST", "/api/proof/passkey/options", { body: {} }),
    /** From now on for five minutes. `response`: `AuthenticationResponseJSON` */
    prove: (response: unknown): Promise<unknown> => request("POST", "/api/proof/passkey", { body: { response } }),
    remove: (id: string): Promise<unknown> => request("DELETE", at(id)),
  };
}

/** `PublicKeyCredentialRequestOptionsJSON`, for whoever is not signed in. */
export const passkeySignInOptions = (http: Pick<Http, "call">): Promise<unknown> =>
  http.call("POST", "/api/auth/passkey/options", { body: {} });

/** @returns the secret of the device that this one is from now on; `response`: `AuthenticationResponseJSON` */
export async function signInWithPasskey(http: Pick<Http, "call">, response: unknown): Promise<string> {
  return expected(readDevice(await http.call("POST", "/api/auth/passkey", { body: { response } }))).refresh;
}
