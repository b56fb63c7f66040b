/** `/api/machines`: computers, starting sessions on them, looking into their folders. */
import {
  AppError,
  DEFAULT_FLAVOR,
  type ErrorCode,
  listDirectoryBody,
  MACHINE_CATALOGS,
  pathsExistBody,
  renameMachineBody,
  spawnBody,
} from "@hapi/protocol";
import { Hono } from "hono";
import { allow } from "../../auth/actor.ts";
import { RpcRefusal } from "../../rpc/answer.ts";
import { relayed } from "../../rpc/relay.ts";
import type { MachineRef, Rpc } from "../../rpc/rpc.ts";
import type { SessionAccess } from "../../sessions/access.ts";
import type { ApiEnv } from "../api-env.ts";
import { needs } from "../needs.ts";
import { readBody } from "../body.ts";
import { spawnOnMachine } from "../../machines/spawn.ts";
import type { MachineStore } from "../../machines/store.ts";

export interface MachineRouteDeps {
  access: SessionAccess;
  machines: MachineStore;
  rpc: Rpc;
  durable(): Promise<void>;
  now(): number;
  /** `since` is when the start was asked for. */
  onSpawned(sessionId: string, machine: MachineRef, since: number): Promise<void>;
}

export function machineRoutes(deps: MachineRouteDeps): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  listRoutes(app, deps);
  spawnRoutes(app, deps);
  folderRoutes(app, deps);
  catalogRoutes(app, deps);
  return app;
}

function listRoutes(app: Hono<ApiEnv>, { access, machines, durable }: MachineRouteDeps): void {
  app.get("/machines", needs("sessions:read"), async (c) => {
    const all = await machines.list(c.get("namespace"));
    const showAll = c.req.query("all") === "1" || c.req.query("all") === "true";
    return c.json({ machines: showAll ? all : all.filter((machine) => machine.active) });
  });
  app.patch("/machines/:id", needs("sessions:send"), async (c) => {
    const machine = await access.machine(c.get("actor"), c.req.param("id"));
    const { displayName } = await readBody(c, renameMachineBody);
    if (machine.metadata === null) throw new AppError("apply_failed", "Machine metadata is not available");
    await machines.updateMetadata(machine.id, null, (metadata) => {
      if (metadata === null) return null;
      const { displayName: _old, ...rest } = metadata;
      return displayName === "" ? rest : { ...rest, displayName };
    });
    await durable();
    return c.json({ ok: true });
  });
}

function spawnRoutes(app: Hono<ApiEnv>, { access, rpc, now, onSpawned }: MachineRouteDeps): void {
  app.post("/machines/:id/spawn", needs("machines:spawn"), async (c) => {
    const machine = await access.machine(c.get("actor"), c.req.param("id"));
    const body = await readBody(c, spawnBody);
    if (body.yolo === true || body.permissionMode !== undefined) allow(c.get("actor"), "policy:write");
    c.get("stepUp").checkMode(c.get("actor"), body.yolo === true ? "yolo" : body.permissionMode);
    const capabilities = machine.metadata?.capabilities;
    if (capabilities !== undefined && !capabilities.includes("agent-availability")) {
      const { message } = new AppError("runner_upgrade_required");
      return c.json({ type: "error", code: "runner_upgrade_required", message });
    }
    const since = now();
    const answer = await spawnOnMachine(rpc, machine, { ...body, agent: body.agent ?? DEFAULT_FLAVOR });
    if (answer.type === "success") await onSpawned(answer.sessionId, machine, since);
    return c.json(answer);
  });
  app.post("/machines/:id/restart-runner", needs("machines:spawn"), async (c) => {
    const machine = await access.machine(c.get("actor"), c.req.param("id"));
    if (!machine.active) throw new AppError("machine_offline");
    if (!rpc.has("machine", machine, "stopRunner")) throw new AppError("restart_unsupported");
    await rpc.machine(machine).stopRunner({}).catch(refusedAs("restart_unsupported"));
    return c.json({ message: "The runner restarts" });
  });
  app.get("/machines/:id/agent-availability", needs("sessions:read"), async (c) => {
    const machine = await access.machine(c.get("actor"), c.req.param("id"));
    if (!machine.active) throw new AppError("machine_offline");
    if (!rpc.has("machine", machine, "agentAvailability")) throw new AppError("runner_upgrade_required");
    return c.json(await rpc.machine(machine).agentAvailability({}).catch(refusedAs("internal")));
  });
}

function folderRoutes(app: Hono<ApiEnv>, { access, rpc }: MachineRouteDeps): void {
  app.post("/machines/:id/list-directory", needs("files:read"), async (c) => {
    const machine = await access.machine(c.get("actor"), c.req.param("id"));
    return c.json(await relayed(rpc.machine(machine).listDirectory(await readBody(c, listDirectoryBody))));
  });
  app.post("/machines/:id/paths/exists", needs("files:read"), async (c) => {
    const machine = await access.machine(c.get("actor"), c.req.param("id"));
    const { paths } = await readBody(c, pathsExistBody);
    if (paths.length === 0) return c.json({ exists: {} });
    const { exists = {} } = await rpc.machine(machine).pathExists({ paths }).catch(refusedAs("internal"));
    return c.json({ exists });
  });
}

function catalogRoutes(app: Hono<ApiEnv>, { access, rpc }: MachineRouteDeps): void {
  for (const catalog of MACHINE_CATALOGS) {
    app.get(`/machines/:id/${catalog.path}`, needs("sessions:read"), async (c) => {
      const machine = await access.machine(c.get("actor"), c.req.param("id"));
      const cwd = c.req.query("cwd");
      if (catalog.needsCwd && !cwd) return c.json({ success: false, error: "cwd is required", code: "invalid_query" }, 400);
      const isMissing = !rpc.has("machine", machine, catalog.rpc);
      if (catalog.strict && isMissing)
        return c.json({ success: false, error: new AppError("rpc_target_missing").message, code: "rpc_target_missing" }, 503);
      return c.json(await relayed(rpc.machine(machine)[catalog.rpc](cwd ? { cwd } : {})));
    });
  }
}

/** A refusal is this, whatever code it names. */
function refusedAs(code: ErrorCode): (cause: unknown) => never {
  return (cause) => {
    throw cause instanceof RpcRefusal ? new AppError(code, cause.message, { cause }) : cause;
  };
}
