/** What a link asks for, and what becomes of it. It signs nobody out and leads to no other hub by itself. */
import "../i18n/screens.ts";
import { createHttp, exchangeToken } from "@hapi/client";
import { toAppError } from "@hapi/protocol";
import { t } from "../i18n/index.ts";
import { showToast } from "../ui/toast.ts";
import { type Credentials, hubOrigin, type LinkCredentials, type OfferedHub } from "./credentials.ts";
import { useHub } from "./store.ts";

export type LinkOffer = { kind: "none" } | { kind: "token"; token: string } | ({ kind: "other-hub" } & OfferedHub);

/** A hub address that is none is ignored, and so is what is so already. Pure. */
export function offerOf(link: LinkCredentials, { baseUrl, token: stored }: Pick<Credentials, "baseUrl" | "token">): LinkOffer {
  const hub = link.hub === undefined ? null : hubOrigin(link.hub);
  const token = link.token?.trim() || null;
  if (hub !== null && hub !== baseUrl()) return { kind: "other-hub", hub, token };
  return token === null || token === stored() ? { kind: "none" } : { kind: "token", token };
}

export async function heedLink(link: LinkCredentials, credentials: Credentials): Promise<void> {
  const offer = offerOf(link, credentials);
  if (offer.kind === "other-hub") useHub.setState({ offeredHub: offer });
  if (offer.kind !== "token") return;
  if (credentials.token() === null) return credentials.save(offer.token);
  try {
    const { refresh } = await exchangeToken(createHttp({ baseUrl: credentials.baseUrl() }), offer.token);
    credentials.save(refresh ?? offer.token);
  } catch (cause) {
    showToast({ id: "link", tone: "failed", text: t(toAppError(cause).status === 401 ? "link.refused" : "link.unchecked") });
  }
}

/** Everything begins anew at the other hub. */
export function takeOffer(offer: OfferedHub, credentials: Credentials): void {
  credentials.takeHub(offer);
  window.location.reload();
}
