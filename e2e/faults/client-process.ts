/** The client process as a test sees it: a prompt counts as given once the client says that it is on disk, whoever of them says so. */
import { resolve } from "node:path";
import { isAlive, type PipedProcess, spawnPiped } from "@hapi/platform";
import { linesOf } from "./lines.ts";

const MAIN = resolve(import.meta.dir, "client-main.ts");

export interface Prompt {
  localId: string;
  sessionId: string;
  text: string;
}

export interface ClientProcess {
  /** Resolves when the prompt is on the client's disk; waits for the next client when this one dies first. */
  give(prompt: Prompt): Promise<void>;
  /** What the hub has answered with 2xx, as far as a client lived to say it. */
  readonly sent: ReadonlySet<string>;
  /** What the hub refused for good. */
  readonly refused: ReadonlyMap<string, string>;
  readonly process: PipedProcess | null;
  start(): Promise<void>;
}

export interface ClientProcessOptions {
  dir: string;
  env: () => Readonly<Record<string, string>>;
  baseUrl: () => string;
  token: () => string;
  /** A fault to plant. */
  fault?: string;
  started(child: PipedProcess): void;
}

export function createClientProcess(options: ClientProcessOptions): ClientProcess {
  const sent = new Set<string>();
  const refused = new Map<string, string>();
  const kept = new Set<string>();
  const given = new Map<string, { prompt: Prompt; done: () => void }>();
  let child: PipedProcess | null = null;

  function tell(to: PipedProcess, prompt: Prompt): void {
    // One that has just died takes no more words; the next one is told again.
    to.write(new TextEncoder().encode(`${JSON.stringify(prompt)}\n`)).catch(() => undefined);
  }

  function heard(line: string): void {
    const words = JSON.parse(line) as { kept?: string; sent?: string; refused?: string; code?: string; storage?: string };
    if (words.storage !== undefined) throw new Error(`the client can't write: ${words.storage}`);
    if (words.refused !== undefined) refused.set(words.refused, words.code ?? "");
    if (words.sent !== undefined) sent.add(words.sent);
    const id = words.kept ?? words.sent;
    if (id === undefined) return;
    kept.add(id);
    given.get(id)?.done();
    given.delete(id);
  }

  return {
    sent,
    refused,
    get process() {
      return child;
    },
    give(prompt) {
      return new Promise((resolve) => {
        given.set(prompt.localId, { prompt, done: resolve });
        if (child && isAlive(child)) tell(child, prompt);
      });
    },
    async start() {
      const fault = options.fault === undefined ? [] : [options.fault];
      const next = spawnPiped([process.execPath, "--no-env-file", MAIN, options.dir, options.baseUrl(), ...fault], {
        env: { ...options.env(), HAPI_ACCESS_TOKEN: options.token() },
        ownGroup: true,
      });
      options.started(next);
      const errors = new Response(next.stderr).text();
      const ready = Promise.withResolvers<void>();
      linesOf(next.stdout, (line) => {
        if (line.includes('"ready"')) ready.resolve();
        else heard(line);
      }).then(async () => ready.reject(new Error(`the client ended: ${await errors}`)), ready.reject);
      child = next;
      await ready.promise;
      for (const { prompt } of given.values()) tell(next, prompt);
    },
  };
}
