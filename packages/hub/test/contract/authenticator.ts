/** An authenticator and the browser before it, as far as WebAuthn goes (ES256, attestation `none`): it signs whatever a test has it sign, wrong things too. */
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

const url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
const sha256 = (data: string | Uint8Array): Buffer => createHash("sha256").update(data).digest();

/** What a test has it say otherwise. */
export interface Told {
  origin?: string;
  rpId?: string;
  /** Of `clientDataJSON`; default: what it is for. */
  type?: string;
  challenge?: string;
  counter?: number;
  isVerified?: boolean;
  userHandle?: string;
  /** In the attestation statement. */
  certificates?: Uint8Array[];
}

interface CreationOptions {
  challenge: string;
  rp: { id?: string };
  user: { id: string };
}
interface RequestOptions {
  challenge: string;
  rpId?: string;
}

export interface Authenticator {
  readonly id: string;
  create(options: unknown, told?: Told): object;
  get(options: unknown, told?: Told): object;
}

export function authenticator(origin: string): Authenticator {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const rawId = randomBytes(32);
  const id = url(rawId);
  let [counter, userHandle] = [0, ""];
  const clientData = (type: string, challenge: string, told: Told): Buffer =>
    Buffer.from(
      JSON.stringify({
        type: told.type ?? type,
        challenge: told.challenge ?? challenge,
        origin: told.origin ?? origin,
        crossOrigin: false,
      }),
    );
  const authData = (rpId: string, attested: Uint8Array | null, told: Told): Buffer => {
    const flags = 0x01 | (told.isVerified === false ? 0 : 0x04) | (attested ? 0x40 : 0);
    const count = Buffer.alloc(4);
    count.writeUInt32BE(told.counter ?? (counter += 1));
    return Buffer.concat([sha256(told.rpId ?? rpId), Buffer.from([flags]), count, attested ?? Buffer.alloc(0)]);
  };
  return {
    id,
    create(options, told = {}) {
      const { challenge, rp, user } = options as CreationOptions;
      userHandle = user.id;
      const { x = "", y = "" } = publicKey.export({ format: "jwk" });
      const point = [x, y].map((each) => Buffer.from(each, "base64url"));
      const key = map([
        ...([
          [1, 2],
          [3, -7],
          [-1, 1],
        ] as [number, number][]),
        [-2, point[0] as Buffer],
        [-3, point[1] as Buffer],
      ]);
      const attested = Buffer.concat([Buffer.alloc(16), Buffer.from([0, rawId.length]), rawId, key]);
      const statement = told.certificates ? map([["x5c", told.certificates]]) : map([]);
      const object = map([
        ["fmt", told.certificates ? "packed" : "none"],
        ["attStmt", { encoded: statement }],
        ["authData", authData(rp.id ?? "", attested, told)],
      ]);
      const response = {
        clientDataJSON: url(clientData("webauthn.create", challenge, told)),
        attestationObject: url(object),
        transports: ["internal"],
      };
      return { id, rawId: id, type: "public-key", clientExtensionResults: {}, response };
    },
    get(options, told = {}) {
      const { challenge, rpId = "" } = options as RequestOptions;
      const client = clientData("webauthn.get", challenge, told);
      const data = authData(rpId, null, told);
      const signature = sign("sha256", Buffer.concat([data, sha256(client)]), privateKey);
      const response = {
        clientDataJSON: url(client),
        authenticatorData: url(data),
        signature: url(signature),
        userHandle: told.userHandle ?? userHandle,
      };
      return { id, rawId: id, type: "public-key", clientExtensionResults: {}, response };
    },
  };
}

type Value = number | string | Uint8Array | Uint8Array[] | { encoded: Uint8Array };

/** CBOR (RFC 8949), as much as that takes. */
function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value]);
  return value < 256 ? Buffer.from([(major << 5) | 24, value]) : Buffer.from([(major << 5) | 25, value >> 8, value & 255]);
}
function encode(value: Value): Uint8Array {
  if (typeof value === "number") return value >= 0 ? head(0, value) : head(1, -1 - value);
  if (typeof value === "string") return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(encode)]);
  return value instanceof Uint8Array ? Buffer.concat([head(2, value.length), value]) : value.encoded;
}
const map = (entries: [number | string, Value][]): Buffer =>
  Buffer.concat([head(5, entries.length), ...entries.flatMap(([key, value]) => [encode(key), encode(value)])]);
