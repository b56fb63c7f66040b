/** Passkeys, a port. Nothing of it is secret: whoever reads the database can sign in with nothing that stands there. */

export interface Passkey {
  /** Of the authenticator's own choice; base64url. */
  readonly id: string;
  readonly namespace: string;
  /** Whom an authenticator knows it to be of: one for all of a namespace; base64url. */
  readonly userHandle: string;
  readonly name: string;
  /** The host name it was made for. */
  readonly rpId: string;
  /** COSE; base64url. */
  readonly publicKey: string;
  /** How often it was used, as the authenticator counts; 0 where it does not. */
  readonly counter: number;
  /** How a browser may reach it: `internal`, `usb`, `hybrid`, … */
  readonly transports: readonly string[];
  /** Its keeper copies it to other devices. */
  readonly isSynced: boolean;
  /** In ms by the hub's clock, as the next one. */
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}

export interface PasskeyStore {
  /** A new one, or in the place of the one that has its id. */
  put(passkey: Passkey): Promise<void>;
  remove(id: string): Promise<void>;
  /** Oldest first. */
  all(): Promise<Passkey[]>;
}
