/** Says to everybody who is signed in that somebody came in with a new device, or tried to and failed. */
import type { SignInNotice } from "@hapi/protocol/credentials";
import type { Bus } from "../events/bus.ts";
import { HubEvent } from "../events/hub-event.ts";

/** The owner hears of all. */
export function tellSignIn(bus: Bus, { kind, at, from, name, namespace }: SignInNotice): void {
  const data = { kind, at, from, ...(name === undefined ? {} : { name }) };
  const concerned = new Set(["default", ...(namespace === undefined ? [] : [namespace])]);
  bus.publish([...concerned].map((one) => new HubEvent({ namespace: one, event: { type: "sign-in", data }, needs: "sign-ins" })));
}
