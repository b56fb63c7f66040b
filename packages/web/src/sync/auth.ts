/** Signing in and out of a hub, and who is signed in on this device. */
import { createHttp, exchangeToken } from "@hapi/client";
import { type AppError, type SyncEvent, toAppError } from "@hapi/protocol";
import { ignore, note } from "../ground/ignore.ts";
import { arrived } from "../ground/source.ts";
import { createCredentials } from "./credentials.ts";
import { hubLink, openLink } from "./link.ts";
import { forgetSeen, restoreSeen } from "./seen.ts";
import { type HubState, initialState, useHub } from "./store.ts";

export const credentials = createCredentials(localStorage, window.location.origin);

export type SignInOutcome =
  | { kind: "signed-in" }
  | { kind: "wrong-token" }
  | { kind: "unreachable" }
  | { kind: "limited" }
  | { kind: "failed"; error: AppError };

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
      return { kind: "failed", error };
  }
}

export async function signIn(token: string): Promise<SignInOutcome> {
  try {
    const { refresh } = await exchangeToken(createHttp({ baseUrl: credentials.baseUrl() }), token.trim());
    credentials.save(refresh ?? token);
  } catch (error) {
    return outcomeOf(toAppError(error));
  }
  await begin();
  return { kind: "signed-in" };
}

/** What the hub says that is not state. The code for it comes with the first. */
function tellToast(event: SyncEvent): void {
  if (event.type === "connection-changed") useHub.setState({ locked: event.data.locked === true });
  if (event.type !== "toast" && event.type !== "sign-in") return;
  ignore(
    arrived(import("./hub-events.ts")).then(({ showHubEvent }) => showHubEvent(event)),
    "the list tells the same",
  );
}

const prove = (): Promise<boolean> => new Promise((tell) => useHub.setState(({ proving }) => ({ proving: [...proving, tell] })));

async function begin(): Promise<void> {
  const link = await openLink({
    baseUrl: credentials.baseUrl(),
    accessToken: credentials.token,
    onRenewed: credentials.save,
    onExpired: (because) =>
      ignore(end({ forget: false, because }), "the screens are gone already; the next sign-in makes a new connection"),
    onEvent: tellToast,
    prove,
  });
  useHub.setState({ auth: "signed-in", signedOutBecause: null });
  // both resolve with what is on this device; the network goes on by itself. A device that can't be read shows what the hub says
  for (const started of await Promise.allSettled([link.engine.start(), link.outbox.start()])) {
    if (started.status === "rejected") note("this device's store can't be read", started.reason);
  }
}

/** Called once at start: a link's token first, then the stored one. Resolves when what is cached can be shown. */
export async function restoreSignIn(): Promise<void> {
  restoreSeen();
  const link = window.hapiLink;
  delete window.hapiLink;
  if (link) {
    const heeded = import("./hub-offer.ts").then(({ heedLink }) => heedLink(link, credentials));
    await heeded.catch((cause: unknown) => note("the link's token and hub could not be heeded", cause));
  }
  if (credentials.token() === null) useHub.setState({ auth: "signed-out" });
  else await begin();
}

/** A refused token keeps drafts and unsent prompts for the next sign-in; leaving by choice keeps nothing. */
async function end({ forget, because }: { forget: boolean; because: HubState["signedOutBecause"] }): Promise<void> {
  if (useHub.getState().auth !== "signed-in") return;
  const link = hubLink();
  if (forget) {
    forgetSeen();
    ignore(link.api.open("DELETE", "/api/credentials/self", {}), "it may be revoked from another device");
  }
  const out: HubState = {
    ...initialState,
    seen: useHub.getState().seen,
    offeredHub: useHub.getState().offeredHub,
    auth: "signed-out",
    signedOutBecause: because,
  };
  credentials.forget();
  for (const tell of useHub.getState().proving) tell(false);
  // first the screens, so that none of them asks a connection that is closing
  useHub.setState(out);
  await link.close({ forget });
  if (useHub.getState().auth === "signed-out") useHub.setState(out);
}

export const signOut = (): Promise<void> => end({ forget: true, because: null });
