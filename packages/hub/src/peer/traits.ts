/**
 * What other programs do beyond the contract that every client keeps, and where they differ from ours: read once from what each says of itself
 * (its handshake, its session's metadata), and asked here alone. The hub knows no peer by name.
 */
import { capability, LIVE_SIGNS, type Metadata, type Session } from "@hapi/protocol";

/** Of one connection. */
export interface LinkTraits {
  /** Confirms each prompt and says its stages, hears a decision again without acting on it twice, and ends itself when it is told to. */
  readonly confirms: boolean;
  /** Its signs of life are of the moment in which they come. Existing clients may have kept theirs while they were away. */
  readonly signsLive: boolean;
}

export const linkTraits = (capabilities: readonly string[]): LinkTraits => ({
  confirms: capabilities.includes("stages"),
  signsLive: capabilities.includes(LIVE_SIGNS),
});

interface Linked {
  readonly traits: LinkTraits;
}

/** Its process is connected, and confirms. */
export const confirms = (links: readonly Linked[]): boolean => links.some(({ traits }) => traits.confirms);

/**
 * The session's machine keeps a record of its own: it can be started without its thread's id, says how each start went and registers what can be
 * asked of it, and what was chosen for it stands beside what is in force. Of others the hub's row is all there is.
 */
export const keepsRecord = (metadata: Session["metadata"]): metadata is Metadata => capability(metadata, "control") !== undefined;

/** A decision that waits for it can be told later; others would lose it silently. */
export const hearsLater = (session: Session, links: readonly Linked[]): boolean => confirms(links) || keepsRecord(session.metadata);
