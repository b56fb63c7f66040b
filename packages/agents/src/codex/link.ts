/**
 * JSON-RPC with an app server over a WebSocket on its unix socket (0.171.0: no `jsonrpc` member, the ids of the two directions are independent).
 * Messages come in order; an answer is given to whoever asked, everything else to `heard`.
 */
import { isRecord } from "@hapi/core";
import { type Clock, ignore, LATE, within } from "@hapi/platform/lean";
import { AppError, toAppError } from "@hapi/protocol";
import type { RpcError, RpcId } from "../shared/jsonrpc.ts";

export interface Wire {
  send(text: string): void;
  close(): void;
}

export interface WireEvents {
  message(text: string): void;
  /** Once, whoever ended it. */
  closed(): void;
}

/** Rejects where nobody listens. */
export type OpenWire = (path: string, events: WireEvents) => Promise<Wire>;

export type Heard = { id?: RpcId; method: string; params: unknown };

export class ServerRefusal extends Error {
  readonly error: RpcError;
  constructor(error: RpcError) {
    super(error.message);
    this.error = error;
  }
}

/** Why a request came to nothing, as a sentence. */
export const reasonOf = (cause: unknown): string => (cause instanceof ServerRefusal ? cause.message : toAppError(cause).message);

export interface ServerLink {
  /** Rejects with `ServerRefusal` for the server's own no, with `agent_away` where the connection ended, with `timeout`. */
  request(method: string, params: unknown, timeoutMs: number): Promise<unknown>;
  notify(method: string): void;
  reply(id: RpcId, result: unknown): void;
  refuse(id: RpcId, error: RpcError): void;
  close(): void;
}

export interface LinkEvents {
  /** `chars`: how large it was. */
  heard(message: Heard, chars: number): void;
  /** What came is no message of this protocol. */
  garbage(sample: string): void;
  /** Not where `close` was called, after which nothing is heard. */
  closed(): void;
}

/** A program that is stopped takes connections, and never answers. A slow machine is not that. */
const OPEN_MS = 15_000;
/** Long enough for a person to see what it was. */
const SAMPLE_CHARS = 200;

export const openSocket: OpenWire = (path, events) =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws+unix:${path}:/`);
    let isOpen = false;
    socket.addEventListener("open", () => {
      isOpen = true;
      resolve({ send: (text) => socket.send(text), close: () => socket.close() });
    });
    socket.addEventListener("message", (event) => events.message(String(event.data)));
    socket.addEventListener("error", () => reject(new AppError("agent_away", "Nobody listens at the agent's socket")));
    socket.addEventListener("close", () => {
      if (isOpen) events.closed();
      else reject(new AppError("agent_away", "Nobody listens at the agent's socket"));
    });
  });

type Waiting = { resolve(result: unknown): void; reject(cause: unknown): void };

function parse(text: string): Record<string, unknown> | null {
  try {
    const message: unknown = JSON.parse(text);
    return isRecord(message) ? message : null;
  } catch {
    // Told as garbage by the caller.
    return null;
  }
}

export interface LinkOptions {
  open: OpenWire;
  clock: Clock;
  events: LinkEvents;
}

const away = () => new AppError("agent_away", "The connection to the agent ended");

/** One that opens too late is closed, and nobody hears of it. */
async function openInTime(path: string, { clock, open }: Pick<LinkOptions, "clock" | "open">, events: WireEvents): Promise<Wire> {
  let isLate = false;
  const opening = open(path, { message: (text) => isLate || events.message(text), closed: () => isLate || events.closed() });
  const wire = await within(clock, OPEN_MS, opening);
  if (wire !== LATE) return wire;
  isLate = true;
  ignore(
    opening.then((late) => late.close()),
    "it never opened, which is told here",
  );
  throw new AppError("timeout", "The agent did not open its connection in time");
}

export async function openLink(path: string, { open, clock, events }: LinkOptions): Promise<ServerLink> {
  const asked = createAsked(clock);
  let isClosed = false;
  const wire = await openInTime(
    path,
    { clock, open },
    {
      message(text) {
        if (isClosed) return;
        const message = parse(text);
        if (typeof message?.["method"] === "string") events.heard(message as unknown as Heard, text.length);
        else if (typeof message?.["id"] === "number") asked.answered(message["id"], message);
        else events.garbage(text.slice(0, SAMPLE_CHARS));
      },
      closed() {
        if (isClosed) return;
        isClosed = true;
        asked.over();
        events.closed();
      },
    },
  );
  const send = (message: unknown) => wire.send(JSON.stringify(message));
  return {
    async request(method, params, timeoutMs) {
      if (isClosed) throw away();
      return asked.ask(method, (id) => send({ id, method, params }), timeoutMs);
    },
    notify: (method) => send({ method }),
    reply: (id, result) => send({ id, result }),
    refuse: (id, error) => send({ id, error }),
    close() {
      isClosed = true;
      asked.over();
      wire.close();
    },
  };
}

/** What was asked and has no answer yet. */
function createAsked(clock: Clock) {
  const waiting = new Map<number, Waiting>();
  let nextId = 1;
  return {
    async ask(method: string, send: (id: number) => void, timeoutMs: number): Promise<unknown> {
      const id = nextId++;
      const answer = new Promise<unknown>((resolve, reject) => waiting.set(id, { resolve, reject }));
      ignore(answer, "who asked hears of it");
      send(id);
      const said = await within(clock, timeoutMs, answer);
      if (said !== LATE) return said;
      waiting.delete(id);
      throw new AppError("timeout", `The agent did not answer "${method}" in time`);
    },
    answered(id: number, { error, result }: Record<string, unknown>): void {
      const asked = waiting.get(id);
      waiting.delete(id);
      if (!isRecord(error)) return asked?.resolve(result);
      asked?.reject(new ServerRefusal({ code: Number(error["code"]), message: String(error["message"]), data: error["data"] }));
    },
    over(): void {
      for (const { reject } of waiting.values()) reject(away());
      waiting.clear();
    },
  };
}
