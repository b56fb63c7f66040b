/**
 * Who is connected: one link per socket of a session or a machine. Nothing outside `socket` knows what a link is made of.
 * A link belongs to one namespace and one scope: it answers only for methods of its own id.
 */
import type { UpdateBody } from "@hapi/protocol";
import { randomUUID } from "node:crypto";
import type { LinkTraits } from "../peer/traits.ts";

export interface Link {
  readonly id: string;
  readonly namespace: string;
  readonly scope: "session" | "machine";
  /** The id the hub uses now; changes when the session is merged into another. */
  scopeId: string;
  /** The id the other side knows itself by. */
  readonly spokenId: string;
  readonly traits: LinkTraits;
  emit(event: string, payload: unknown): void;
  /** Resolves with the ack, or rejects with `rpc_timeout`. */
  request(event: string, payload: unknown, timeoutMs: number): Promise<unknown>;
}

export class Links {
  readonly #byScope = new Map<string, Set<Link>>();
  readonly #now: () => number;
  #updates = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(link: Link): void {
    const key = `${link.scope}:${link.scopeId}`;
    const links = this.#byScope.get(key) ?? new Set();
    links.add(link);
    this.#byScope.set(key, links);
  }

  remove(link: Link): void {
    const key = `${link.scope}:${link.scopeId}`;
    const links = this.#byScope.get(key);
    links?.delete(link);
    if (links?.size === 0) this.#byScope.delete(key);
  }

  of(scope: Link["scope"], id: string): Link[] {
    return [...(this.#byScope.get(`${scope}:${id}`) ?? [])];
  }

  all(): Link[] {
    return [...this.#byScope.values()].flatMap((links) => [...links]);
  }

  /** After a merge: the links of the second row speak for the first. */
  move(fromSessionId: string, toSessionId: string): void {
    for (const link of this.of("session", fromSessionId)) {
      this.remove(link);
      link.scopeId = toSessionId;
      this.add(link);
    }
  }

  /** `update` to one link, with ids as that side knows them. */
  update(link: Link, body: UpdateBody): void {
    link.emit("update", this.envelope(link, body));
  }

  envelope(link: Link, body: UpdateBody): { id: string; seq: number; createdAt: number; body: UpdateBody } {
    const spoken = "sid" in body ? { ...body, sid: link.spokenId } : body;
    return { id: randomUUID(), seq: ++this.#updates, createdAt: this.#now(), body: spoken };
  }
}
