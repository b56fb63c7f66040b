/** Signing in and out of a hub, and who is signed in on this device. */
import { AppError, toAppError } from "@hapi/protocol";
import { createCredentials } from "./credentials.ts";
import { exchangeToken } from "./rest.ts";
import { startSync, stopSync } from "./engine.ts";
import { initialState, useHub } from "./store.ts";
import { restoreSeen } from "./seen.ts";

export const credentials = createCredentials(localStorage, window.location.origin);

export type SignInOutcome =
  | { kind: "signed-in" }
  | { kind: "wrong-token" }
  | { kind: "unreachable" }
  | { kind: "limited" }
  | { kind: "failed"; reason: string };

function outcomeOf(error: AppError): SignInOutcome {
  switch (error.code) {
    case "invalid_access_token":
    case "invalid_token":
      return { kind: "wrong-token" };
    case "hub_unreachable":
    case "timeout":
      return { kind: "unreachable" };
    case "rate_limited":
      return { kind: "limited" };
    default:
      return { kind: "failed", reason: error.message };
  }
}

export async function signIn(token: string): Promise<SignInOutcome> {
  try {
    await exchangeToken(credentials.baseUrl(), token.trim());
  } catch (error) {
    return outcomeOf(toAppError(error));
  }
  credentials.save(token);
  await begin(token.trim());
  return { kind: "signed-in" };
}

async function begin(token: string): Promise<void> {
  useHub.setState({ auth: "signed-in", signedOutBecause: null });
  await startSync({ baseUrl: credentials.baseUrl(), token, onExpired: expired });
}

/** Called once at start: a link's token first, then the stored one. What is cached shows before the hub answers. */
export async function restoreSignIn(): Promise<void> {
  restoreSeen(Date.now());
  credentials.takeLink(window.hapiLink);
  delete window.hapiLink;
  const token = credentials.token();
  if (token === null) useHub.setState({ auth: "signed-out" });
  else await begin(token);
}

/** The hub no longer takes the token: what is cached stays until someone signs out or in. */
function expired(): void {
  credentials.forget();
  useHub.setState({ auth: "signed-out", signedOutBecause: "expired" });
}

export async function signOut(): Promise<void> {
  credentials.forget();
  const { seen, seenBaseline } = useHub.getState();
  await stopSync({ forget: true });
  useHub.setState({ ...initialState, seen, seenBaseline, auth: "signed-out" });
}
