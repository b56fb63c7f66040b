/** What the hub asks of a machine's runner. `ours` is what peers of other make neither ask nor answer. */
import * as z from "zod/mini";
import { spawnParamsSchema, spawnResultSchema } from "../machine.ts";
import { listDirectoryBody, pathsExistBody } from "../rest.ts";
import { anyResult, handedOn, heard, ifValid, rpc, type RpcSpec } from "./spec.ts";
import { sessionCalls } from "./session.ts";
import { MACHINE_CATALOGS } from "../wire-names.ts";

const nothing = z.looseObject({});
const ofSession = z.looseObject({ sessionId: z.string().check(z.minLength(1)) });

/** Served by every runner of ours. */
export const machineRpc = {
  spawnHappySession: rpc("spawn-happy-session", {
    scope: "machines:spawn",
    params: spawnParamsSchema,
    // Of what is said beside the failure, what is as it should be.
    result: z.union([
      spawnResultSchema,
      z.looseObject({
        type: z.literal("error"),
        errorMessage: ifValid(z.string()),
        message: ifValid(z.string()),
        code: ifValid(z.string()),
      }),
    ]),
    verdict: "type",
    timeoutMs: 60_000,
    // A runner registers its methods right after it connected.
    readyMs: 2_000,
    refusal: "spawn_failed",
  }),
  /** `{status: "stopped" | "already_gone" | "still_alive"}` */
  stopSession: rpc("stop-session", { scope: "sessions:send", params: ofSession, result: heard, timeoutMs: 10_000 }),
  /** Ours: removes what the machine keeps of a deleted session. */
  forgetSession: rpc("forget-session", {
    scope: "sessions:send",
    params: ofSession,
    result: anyResult(z.looseObject({ status: ifValid(z.string()) })),
    timeoutMs: 5_000,
  }),
  /** `{message}`, then the runner ends, to be started again. */
  stopRunner: rpc("stop-runner", { scope: "machines:spawn", params: nothing, result: heard, refusal: "restart_unsupported" }),
  /** `{success, path, entries}` or `{success:false, error}` */
  listDirectory: rpc("list-directory", { scope: "files:read", params: listDirectoryBody, result: handedOn, verdict: "success" }),
  /** By path; only directories count. */
  pathExists: rpc("path-exists", {
    scope: "files:read",
    params: pathsExistBody,
    result: anyResult(z.looseObject({ exists: z.optional(z.unknown()) })),
    refusal: "internal",
  }),
  /** An `AgentAvailability` from ours. */
  agentAvailability: rpc("agent-availability", {
    scope: "sessions:read",
    params: nothing,
    result: z.looseObject({ agents: z.array(z.looseObject({ agent: ifValid(z.string()), available: ifValid(z.boolean()) })) }),
    refusal: "internal",
  }),
} as const;

type MachineCatalog = (typeof MACHINE_CATALOGS)[number]["rpc"];
const catalog = (wire: string) =>
  rpc(wire, {
    scope: "sessions:read",
    params: z.looseObject({ cwd: z.optional(z.string()) }),
    result: handedOn,
    verdict: "success",
    timeoutMs: 120_000,
  });

/** Asked of machines, and answered by peers of other make only. */
export const peerMachineRpc = Object.fromEntries(MACHINE_CATALOGS.map(({ rpc: wire }) => [wire, catalog(wire)])) as {
  readonly [N in MachineCatalog]: ReturnType<typeof catalog>;
};

export const machineCalls = { ...machineRpc, ...peerMachineRpc } as const satisfies Readonly<Record<string, RpcSpec>>;

/** Every call there is, by whom it is asked. */
export const rpcCalls = { session: sessionCalls, machine: machineCalls } as const;
