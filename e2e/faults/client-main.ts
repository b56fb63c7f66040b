/**
 * A client as a process of its own: a person's prompts in an outbox on disk, sent until the hub has them. It may be killed at any point; the
 * next one goes on with what it finds. Reads `{"localId","sessionId","text"}` per line, says `{"kept": id}` when the prompt is on disk,
 * `{"sent": id}` when the hub has it, `{"refused": id, "code"}` when the hub never will.
 *
 * Arguments: the outbox's folder, and the hub. The access token is in HAPI_ACCESS_TOKEN. `--new-key-each-time` plants a fault: what is sent
 * again is a new prompt.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createHubApi, createOutbox, type OutboxEntry, type OutboxStorage } from "@hapi/client";
import { syncDir, writeFileAtomic } from "@hapi/platform";
import { randomUUID } from "node:crypto";
import { fasterClock } from "./faster-clock.ts";

const [dir = "", baseUrl = "", fault] = process.argv.slice(2);

/** A file for each prompt: whole or not there. */
function storageIn(folder: string): OutboxStorage {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = (localId: string): string => join(folder, `${localId}.json`);
  return {
    list: async () =>
      readdirSync(folder)
        .filter((name) => name.endsWith(".json"))
        .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as OutboxEntry),
    put: async (entry) => writeFileAtomic(file(entry.localId), JSON.stringify(entry)),
    delete: async (localId) => {
      rmSync(file(localId), { force: true });
      syncDir(folder);
    },
  };
}

function say(words: Record<string, string>): void {
  process.stdout.write(`${JSON.stringify(words)}\n`);
}

const api = createHubApi({ baseUrl, accessToken: () => process.env["HAPI_ACCESS_TOKEN"] ?? null, clock: fasterClock });
const outbox = createOutbox({
  storage: storageIn(dir),
  send: (sessionId, body, signal) =>
    api.messages.send(sessionId, fault === "--new-key-each-time" ? { ...body, localId: randomUUID() } : body, signal),
  newId: randomUUID,
  clock: fasterClock,
  onSent: ({ localId }) => say({ sent: localId }),
  onChange: (entries) => {
    for (const { localId, state, error } of entries) if (state === "rejected") say({ refused: localId, code: error?.code ?? "" });
  },
  onStorageError: (cause) => say({ storage: String(cause) }),
});
await outbox.start();
say({ ready: "yes" });
for await (const line of createInterface({ input: process.stdin })) {
  const { localId, sessionId, text } = JSON.parse(line) as { localId: string; sessionId: string; text: string };
  await outbox.add({ localId, sessionId, text });
  say({ kept: localId });
}
outbox.stop();
