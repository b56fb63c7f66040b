/** Signing in and out of a hub, and who is signed in on this device. */
import { createHttp, exchangeToken } from "@hapi/client";
import { type AppError, toAppError } from "@hapi/protocol";
import { createCredentials } from "./credentials.ts";
import { onHubEvent } from "./hub-events.ts";
import { hubLink, openLink } from "./link.ts";
import { restoreSeen } from "./seen.ts";
import { initialState, useHub } from "./store.ts";

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
    await exchangeToken(createHttp({ baseUrl: credentials.baseUrl() }), token.trim());
  } catch (error) {
    return outcomeOf(toAppError(error));
  }
  credentials.save(token);
  await begin();
  return { kind: "signed-in" };
}

async function begin(): Promise<void> {
  const link = await openLink({
    baseUrl: credentials.baseUrl(),
    accessToken: credentials.token,
    onExpired: () => void end({ forget: false }).then(() => useHub.setState({ signedOutBecause: "expired" })),
    onEvent: onHubEvent,
  });
  useHub.setState({ auth: "signed-in", signedOutBecause: null });
  // both resolve with what is on this device; the network goes on by itself
  await Promise.all([link.engine.start(), link.outbox.start()]);
}

/** Called once at start: a link's token first, then the stored one. Resolves when what is cached can be shown. */
export async function restoreSignIn(): Promise<void> {
  restoreSeen(Date.now());
  credentials.takeLink(window.hapiLink);
  delete window.hapiLink;
  if (credentials.token() === null) useHub.setState({ auth: "signed-out" });
  else await begin();
}

/** A refused token keeps drafts and unsent prompts for the next sign-in; leaving by choice keeps nothing. */
async function end({ forget }: { forget: boolean }): Promise<void> {
  credentials.forget();
  const { seen, seenBaseline } = useHub.getState();
  await hubLink().close({ forget });
  useHub.setState({ ...initialState, seen, seenBaseline, auth: "signed-out" });
}

export const signOut = (): Promise<void> => end({ forget: true });
