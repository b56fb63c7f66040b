/** The peer hub by exact version, from npm, in a cache outside the checkout; `PEER_HAPI` names one that is installed already. */
import { peerProgram, peerVersion } from "../../e2e/peer/peer-install.ts";
import type { HubProgram } from "../lib/hub.ts";

export async function peerHub(): Promise<HubProgram | { missing: string }> {
  const found = await peerProgram();
  if ("missing" in found) return found;
  return {
    label: "peer",
    version: peerVersion,
    command: [found.path, "hub", "--no-relay"],
    hasKeyedAcks: false,
    hasListPages: false,
  };
}
