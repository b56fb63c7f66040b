/**
 * For which page a passkey is made or used (W3C WebAuthn: origin and relying party id). The gate has let the origin pass, and a browser lets no page
 * use passkeys of another name: who forges the header gets nothing signed for it.
 */
import { isIP } from "node:net";
import { AppError } from "@hapi/protocol";

export interface RelyingParty {
  /** Of the page. */
  origin: string;
  /** Its host name, for which the passkey is. */
  id: string;
}

const isThisComputer = (name: string): boolean => name === "localhost" || name.endsWith(".localhost");

/** @throws `passkey_unavailable`: no browser asks, or none that would show a passkey there */
export function relyingPartyOf(headers: Headers): RelyingParty {
  const url = URL.parse(headers.get("origin") ?? "");
  if (!url) throw new AppError("passkey_unavailable", "Passkeys are made and used in a browser; open the hub there");
  const name = url.hostname;
  const isAddress = name.startsWith("[") || isIP(name) !== 0;
  const isSecure = url.protocol === "https:" || (url.protocol === "http:" && isThisComputer(name));
  if (isAddress || !isSecure) throw new AppError("passkey_unavailable", placeWords);
  return { origin: url.origin, id: name };
}

const placeWords = "There are no passkeys at this address. Open the hub at https:// and a name, or at http://localhost";
