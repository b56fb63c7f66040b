/**
 * A reader that survives the hub: takes events as they come, resumes by the id of the last one, and after a gap reads on from the last row
 * it knows. Counts what it was shown, so that it can be compared with what is stored.
 */
import { ignore } from "@hapi/platform";
import type { HubClient } from "./hub-client.ts";
import type { Sse } from "./sse.ts";
import { pause, waitFor } from "./timing.ts";

interface Row {
  id: string;
  seq: number;
  createdAt: number;
  invokedAt?: number | null;
}

interface Cursor {
  at: number;
  seq: number;
}

type FollowedEvent =
  | { type: "connection-changed"; data: { resume: "ok" | "gap" } }
  | { type: "message-received"; sessionId: string; message: Row }
  | { type: "other" };

const retryMs = 100;
const pageSize = 200;
/** The stream is taken for settled when nothing came for so long. */
const quietMs = 800;
const settleLimitMs = 15_000;

export class Follower {
  /** Ids shown, per session. */
  readonly shown: Set<string>[];
  /** Rows the stream showed again: allowed for a client that resumes, and worth knowing. */
  repeated = 0;
  caughtUpRows = 0;
  gaps = 0;
  resumed = 0;
  readonly #client: HubClient;
  readonly #sessions: readonly string[];
  readonly #cursors: (Cursor | null)[];
  readonly #catchingUp = new Set<Promise<void>>();
  #lastId: string | undefined;
  #stream: Sse | null = null;
  #isStopped = false;
  #arrived = 0;
  #loop: Promise<void> = Promise.resolve();

  constructor(client: HubClient, sessions: readonly string[]) {
    this.#client = client;
    this.#sessions = sessions;
    this.shown = sessions.map(() => new Set());
    this.#cursors = sessions.map(() => null);
  }

  /** Resolves with the first connection. */
  async start(): Promise<void> {
    this.#loop = this.#stayConnected();
    if (!(await waitFor(() => (this.#stream?.events ?? 0) > 0, settleLimitMs))) throw new Error("the reader could not connect");
  }

  /** Everything has arrived: the stream is quiet, and each session was read to its end. */
  async settle(): Promise<void> {
    for (let before = -1; before !== this.#arrived; await pause(quietMs)) before = this.#arrived;
    await Promise.all(this.#catchingUp);
    for (const session of this.#sessions.keys()) await this.#readOn(session);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stream?.close();
    await this.#loop;
  }

  async #stayConnected(): Promise<void> {
    while (!this.#isStopped) {
      const query: Record<string, string> = this.#lastId === undefined ? {} : { lastEventId: this.#lastId };
      const stream = this.#client.sse({ onEvent: (data, id) => this.#event(JSON.parse(data) as FollowedEvent, id) }, query);
      this.#stream = stream;
      const isUp = await stream.ready.then(
        () => true,
        () => false,
      );
      if (!isUp) await pause(retryMs);
      while (isUp && !stream.isClosed && !this.#isStopped) await pause(20);
    }
  }

  #event(event: FollowedEvent, id: string | undefined): void {
    const hasResumed = this.#lastId !== undefined;
    if (id !== undefined) this.#lastId = id;
    if (event.type === "connection-changed") {
      if (hasResumed && event.data.resume === "ok") this.resumed++;
      else if (this.#cursors.some((cursor) => cursor !== null)) this.#onGap();
    } else if (event.type === "message-received") {
      const session = this.#sessions.indexOf(event.sessionId);
      if (session < 0) return;
      this.#arrived++;
      if (!this.#take(session, event.message)) this.repeated++;
    }
  }

  #onGap(): void {
    this.gaps++;
    for (const session of this.#sessions.keys()) {
      const work = this.#readOn(session);
      this.#catchingUp.add(work);
      ignore(
        work.finally(() => this.#catchingUp.delete(work)),
        "the last reading on, in settle, must work",
      );
    }
  }

  /** The cursor is private to one reading on: live rows that arrive meanwhile must not move it past the gap. */
  async #readOn(session: number): Promise<void> {
    let cursor = this.#cursors[session] ?? null;
    while (cursor) {
      const query = `limit=${pageSize}&afterSeq=${cursor.seq}&afterAt=${cursor.at}`;
      const { status, json } = await this.#client.api("GET", `/api/sessions/${this.#sessions[session]}/messages?${query}`);
      if (status !== 200) throw new Error(`reading on was answered with ${status}`);
      for (const row of json.messages as Row[]) {
        this.#take(session, row);
        this.caughtUpRows++;
      }
      cursor = json.page.hasMore ? { at: json.page.nextAfterAt, seq: json.page.nextAfterSeq } : null;
    }
  }

  /** True for a row that was not shown before. */
  #take(session: number, row: Row): boolean {
    const at = row.invokedAt ?? row.createdAt;
    const cursor = this.#cursors[session];
    if (!cursor || at > cursor.at || (at === cursor.at && row.seq > cursor.seq)) this.#cursors[session] = { at, seq: row.seq };
    const shown = this.shown[session]!;
    return shown.size < shown.add(row.id).size;
  }
}
