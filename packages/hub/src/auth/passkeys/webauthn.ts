/**
 * What authenticators say, read and verified by the library, which is loaded for the moment. Whatever does not fit is `passkey_refused`, with the
 * reason as its cause: who tries learns no more than that.
 */
import { AppError } from "@hapi/protocol";
import type { MadePasskey, UsedPasskey } from "@hapi/protocol/passkeys";
import { challengeLifetimeMs } from "./challenges.ts";
import type { RelyingParty } from "./relying-party.ts";
import type { Passkey } from "./store.ts";

const library = () => import("@simplewebauthn/server");

/** COSE: EdDSA, ES256, RS256. */
const algorithms = [-8, -7, -257];

type Known = Pick<Passkey, "id" | "transports">;
const named = (known: readonly Known[]) => known.map(({ id, transports }) => ({ id, transports: [...transports] }));

export interface Registering {
  challenge: string;
  party: RelyingParty;
  user: { handle: string; name: string };
  /** An authenticator that has one of these makes no other. */
  known: readonly Known[];
}

export async function creationOptions({ challenge, party, user, known }: Registering) {
  const { generateRegistrationOptions } = await library();
  return generateRegistrationOptions({
    rpName: "HAPI",
    rpID: party.id,
    userName: user.name,
    userDisplayName: user.name,
    userID: bytesOf(user.handle),
    challenge: bytesOf(challenge),
    timeout: challengeLifetimeMs,
    attestationType: "none",
    excludeCredentials: named(known),
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
    supportedAlgorithmIDs: algorithms,
  });
}

/** `known`: of these only; empty: of whichever the authenticator has. */
export async function requestOptions({ challenge, party, known }: Pick<Registering, "challenge" | "party" | "known">) {
  const { generateAuthenticationOptions } = await library();
  return generateAuthenticationOptions({
    rpID: party.id,
    challenge: bytesOf(challenge),
    timeout: challengeLifetimeMs,
    userVerification: "required",
    allowCredentials: named(known),
  });
}

/** What a response says that it answers. @throws `passkey_refused` */
export function challengeOf({ response }: MadePasskey | UsedPasskey): string {
  const said: unknown = refusing(() => JSON.parse(Buffer.from(response.clientDataJSON, "base64url").toString()));
  const challenge = typeof said === "object" && said !== null && "challenge" in said ? said.challenge : null;
  if (typeof challenge !== "string") throw new AppError("passkey_refused");
  return challenge;
}

/** What was asked, and of which page. */
type Answered = Pick<Registering, "challenge" | "party">;
type NewKey = Pick<Passkey, "id" | "publicKey" | "counter" | "transports" | "isSynced">;

/** @throws `passkey_refused` */
export async function checkMade(made: MadePasskey, { challenge, party }: Answered): Promise<NewKey> {
  const { verifyRegistrationResponse } = await library();
  const { decodeAttestationObject } = await import("@simplewebauthn/server/helpers");
  return refusingLater(async () => {
    const attested = decodeAttestationObject(new Uint8Array(Buffer.from(made.response.attestationObject, "base64url")));
    // Not asked for. To verify a chain the library fetches addresses that stand in it.
    if (attested.get("attStmt").get("x5c") !== undefined) throw new Error("a chain of certificates came along");
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: { ...made, clientExtensionResults: {}, response: { ...made.response, transports: [] } },
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: algorithms,
    });
    if (!verified) throw new Error("the signature does not fit");
    const { credential, credentialDeviceType } = registrationInfo;
    return {
      id: credential.id,
      publicKey: Buffer.from(credential.publicKey).toString("base64url"),
      counter: credential.counter,
      transports: made.response.transports ?? [],
      isSynced: credentialDeviceType === "multiDevice",
    };
  });
}

/** What its authenticator counts now; whether it went up is the caller's to judge. @throws `passkey_refused` */
export async function checkUsed(used: UsedPasskey, passkey: Passkey, { challenge, party }: Answered): Promise<number> {
  const { verifyAuthenticationResponse } = await library();
  return refusingLater(async () => {
    const { userHandle, ...response } = used.response;
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: { ...used, clientExtensionResults: {}, response: userHandle ? { ...response, userHandle } : response },
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
      credential: { id: passkey.id, publicKey: bytesOf(passkey.publicKey), counter: 0 },
    });
    if (!verified) throw new Error("the signature does not fit");
    return authenticationInfo.newCounter;
  });
}

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, "base64url"));
const refused = (cause: unknown): AppError => new AppError("passkey_refused", undefined, { cause });

function refusing<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw refused(cause);
  }
}

async function refusingLater<T>(check: () => Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (cause) {
    throw refused(cause);
  }
}
