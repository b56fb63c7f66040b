/**
 * What is said over HTTP of passkeys. Options and responses are those of WebAuthn level 3 as JSON (`PublicKeyCredentialCreationOptionsJSON`,
 * `RegistrationResponseJSON`, …): the hub makes and verifies them with a library, browsers read and write them themselves.
 */
import * as z from "zod/mini";

const name = z.string().check(z.minLength(1), z.maxLength(80));
/** Of a credential at most 1,023 bytes by the standard. */
const id = z.string().check(z.minLength(1), z.maxLength(1_400));
const part = z.string().check(z.maxLength(32_768));

const made = z.object({
  id,
  rawId: id,
  type: z.literal("public-key"),
  response: z.object({
    clientDataJSON: part,
    attestationObject: part,
    transports: z.optional(z.array(z.string().check(z.maxLength(32))).check(z.maxLength(10))),
  }),
});
const used = z.object({
  id,
  rawId: id,
  type: z.literal("public-key"),
  response: z.object({
    clientDataJSON: part,
    authenticatorData: part,
    signature: part,
    userHandle: z.optional(z.nullable(z.string().check(z.maxLength(200)))),
  }),
});
export type MadePasskey = z.output<typeof made>;
export type UsedPasskey = z.output<typeof used>;

/** `POST /api/passkeys`, after `POST /api/passkeys/options` and the person's finger. */
export const newPasskeyBody = z.object({ name, response: made });
/** `PUT /api/passkeys/:id` */
export const passkeyNameBody = z.object({ name });
/** `POST /api/auth/passkey`, after `POST /api/auth/passkey/options`. `name`: of the device that it becomes. */
export const usePasskeyBody = z.object({ response: used, name: z.optional(name) });

/** `POST /api/proof/passkey`, after `POST /api/proof/passkey/options`. */
export const proofBody = z.object({ response: used });

export const passkeySchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  /** The host name it was made for: browsers offer it there only. */
  host: z.string(),
  /** Its keeper copies it to the person's other devices. */
  isSynced: z.boolean(),
  createdAt: z.number(),
  lastUsedAt: z.nullable(z.number()),
});
export type PasskeyView = z.infer<typeof passkeySchema>;

/** Answers. */
export const passkeysAnswer = z.looseObject({ passkeys: z.array(passkeySchema) });
export const passkeyAnswer = z.looseObject({ passkey: passkeySchema });
