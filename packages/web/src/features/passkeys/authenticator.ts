/** What the browser's own dialogs answer, apart from whether there can be any here. Read and written by the library, for browsers of some years. */
import { startAuthentication, startRegistration, WebAuthnError } from "@simplewebauthn/browser";

const isAddress = /^[\d.]+$|^\[/;
/** False: no name for which a passkey could be, or nothing that keeps others from reading along. */
export const isPlaceForPasskeys = (): boolean => window.isSecureContext && !isAddress.test(window.location.hostname);

export const canUsePasskeys = (): boolean => "PublicKeyCredential" in window && isPlaceForPasskeys();

/** `cancelled`: the person did, or it took too long, or there was none to choose; a browser does not say which. `known`: it is there already. */
export type Asked = { kind: "answered"; response: unknown } | { kind: "cancelled" } | { kind: "known" };

async function asked(work: Promise<unknown>): Promise<Asked> {
  try {
    return { kind: "answered", response: await work };
  } catch (cause) {
    if (cause instanceof WebAuthnError && cause.code === "ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED") return { kind: "known" };
    const isCancelled = cause instanceof Error && (cause.name === "NotAllowedError" || cause.name === "AbortError");
    if (isCancelled) return { kind: "cancelled" };
    throw cause;
  }
}

/** `options`: what the hub said, as it is. */
export const makePasskey = (options: unknown): Promise<Asked> =>
  asked(startRegistration({ optionsJSON: options as Parameters<typeof startRegistration>[0]["optionsJSON"] }));
export const usePasskey = (options: unknown): Promise<Asked> =>
  asked(startAuthentication({ optionsJSON: options as Parameters<typeof startAuthentication>[0]["optionsJSON"] }));
