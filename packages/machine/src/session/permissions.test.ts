import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AgentRequest, RequestAnswer } from "@hapi/agents";
import { createManualClock } from "@hapi/testkit";
import { openLedger } from "./ledger.ts";
import { createPermissionBroker } from "./permissions.ts";

let dir = "";
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "machine-permissions-"))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const request: AgentRequest = { id: "r1", kind: "permission", tool: "Bash", input: { command: "ls" } };
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined };

test("an answer that meets the agent announcing its request again is given once, after it is on disk, and heard as applied", async () => {
  const ledger = await openLedger(dir);
  const given: (RequestAnswer & { onDisk: boolean })[] = [];
  await ledger.write({ k: "request", entry: { request, createdAt: 1 } });
  let onDisk = false;
  const broker = createPermissionBroker({
    readText: async () => null,
    ledger: {
      ...ledger,
      async write(...entries) {
        await ledger.write(...entries);
        onDisk = true;
      },
    },
    flavor: "fake",
    mode: () => undefined,
    chosen: () => undefined,
    planAccepted: () => undefined,
    async apply(_, answer) {
      given.push({ ...answer, onDisk });
      return given.length === 1 ? "applied" : "gone";
    },
    answered: () => undefined,
    changed: () => undefined,
    clock: createManualClock(),
    log: quiet,
  });
  const answered = broker.answer({ id: "r1", approved: true });
  broker.announced(request);
  expect(await answered).toEqual({ status: "applied" });
  expect(given).toEqual([expect.objectContaining({ behavior: "allow", onDisk: true })]);
  await ledger.close();
});

test("a request carries the mode in which it was asked, whatever the mode is when it is looked at", async () => {
  const ledger = await openLedger(dir);
  let mode = "default";
  const broker = createPermissionBroker({
    readText: async () => null,
    ledger,
    flavor: "fake",
    mode: () => mode,
    chosen: () => undefined,
    planAccepted: () => undefined,
    apply: async () => "sent",
    answered: () => undefined,
    changed: () => undefined,
    clock: createManualClock(),
    log: quiet,
  });
  broker.announced({ ...request, id: "r2" });
  while (broker.onWire().requests["r2"] === undefined) await new Promise((resolve) => setImmediate(resolve));
  mode = "yolo";
  expect(broker.onWire().requests["r2"]).toMatchObject({ mode: "default" });
  expect(await broker.answer({ id: "r2", approved: true })).toEqual({ status: "sent" });
  expect(broker.onWire().requests["r2"]).toMatchObject({ sent: { decision: "approved" } });
  await ledger.close();
});
