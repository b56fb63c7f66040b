/**
 * A door on a 0600 Unix socket: each caller says one line and hears one. What comes after that line is not heard, and a line that is too long is
 * none: its caller is let go, like one that says nothing for too long.
 */
import { chmodSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { ignore } from "./ignore.ts";
import { peerPid } from "./peer-process.ts";

const NEWLINE = 0x0a;
/** A caller that does not take its answer is left. */
const TAKE_MS = 1_000;

export interface LineServerOptions {
  /** What a killed predecessor left there is removed; that no living one is there is for the caller to know. */
  path: string;
  maxBytes: number;
  /** At the same time; one more is turned away. Absent: any number. */
  maxCallers?: number;
  /** Until its line is complete. Absent: for ever. */
  idleMs?: number;
  /** @returns the line to answer with; undefined: nothing is said. `gone` aborts when nobody waits for it any more; `peer`: the process that called, where the system tells it. Must not throw. */
  answer(line: string, gone: AbortSignal, peer: number | null): Promise<string | undefined>;
}

export interface LineServer {
  /** Resolves when all that was asked so far is answered. */
  answered(): Promise<void>;
  /** Whoever still waits is let go without an answer. */
  close(): Promise<void>;
}

export async function serveLines(options: LineServerOptions): Promise<LineServer> {
  const { path, maxCallers = Number.POSITIVE_INFINITY } = options;
  const callers = new Set<Socket>();
  const answers = new Set<Promise<void>>();
  const server = createServer((socket) => {
    if (callers.size >= maxCallers) return void socket.destroy();
    callers.add(socket);
    const peer = peerPid(socket);
    socket.on("close", () => callers.delete(socket));
    hear(socket, { ...options, answer: (line, gone) => options.answer(line, gone, peer) }, answers);
  });
  rmSync(path, { force: true });
  await new Promise<void>((done, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      done();
    });
  });
  chmodSync(path, 0o600);
  return {
    answered: async () => void (await Promise.all(answers)),
    close: () =>
      new Promise((done) => {
        // At once: what stands there later is a successor's.
        rmSync(path, { force: true });
        server.close(() => done());
        for (const socket of callers) socket.destroy();
      }),
  };
}

interface Hearing extends Pick<LineServerOptions, "maxBytes" | "idleMs"> {
  answer(line: string, gone: AbortSignal): Promise<string | undefined>;
}

function hear(socket: Socket, { maxBytes, idleMs, answer }: Hearing, answers: Set<Promise<void>>): void {
  const gone = new AbortController();
  const parts: Buffer[] = [];
  let size = 0;
  let isAsked = false;
  if (idleMs !== undefined) socket.setTimeout(idleMs, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("close", () => gone.abort(new Error("the caller is gone")));
  socket.on("data", (bytes: Buffer) => {
    if (isAsked) return;
    const end = bytes.indexOf(NEWLINE);
    const part = end < 0 ? bytes : bytes.subarray(0, end);
    parts.push(part);
    size += part.length;
    if (size > maxBytes) {
      isAsked = true;
      return void socket.destroy();
    }
    if (end < 0) return;
    isAsked = true;
    socket.setTimeout(0);
    const said = answer(Buffer.concat(parts).toString("utf8"), gone.signal).then((line) => say(socket, line));
    answers.add(said);
    ignore(
      said.finally(() => answers.delete(said)),
      "an answer says itself what went wrong",
    );
  });
}

function say(socket: Socket, line: string | undefined): Promise<void> {
  if (line === undefined || socket.destroyed) return Promise.resolve();
  return new Promise((done) => {
    const timer = setTimeout(done, TAKE_MS);
    const taken = (): void => {
      clearTimeout(timer);
      done();
    };
    socket.once("close", taken);
    socket.end(`${line}\n`, taken);
  });
}
