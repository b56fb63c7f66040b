/** Wires the hub from its parts. Opens no file and no port: `start-hub.ts` does, and tests may do otherwise. */
import { ignore } from "@hapi/platform";
import { type Session } from "@hapi/protocol";
import { machineRpc, sessionRpc } from "@hapi/protocol/rpc";
import type { Hono } from "hono";
import { cliRoutes } from "./http/routes/cli.ts";
import { factRoutes } from "./http/routes/facts.ts";
import { eventRoutes } from "./http/routes/events.ts";
import { Housekeeping } from "./keeping/housekeeping.ts";
import { forgetKind } from "./machines/forgets.ts";
import { keepsEverything } from "./keeping/retention.ts";
import { keepingRoutes } from "./http/routes/keeping.ts";
import { machineRoutes } from "./http/routes/machines.ts";
import { messageRoutes } from "./http/routes/messages.ts";
import { permissionRoutes } from "./http/routes/permissions.ts";
import { refusalRoutes } from "./http/routes/refusals.ts";
import type { Link } from "./rpc/links.ts";
import { isCall } from "./rpc/rpc.ts";
import { createServices, type HubParts, type Services } from "./services.ts";
import { exportRoutes } from "./http/routes/session-export.ts";
import { sessionFileRoutes } from "./http/routes/session-files.ts";
import { sessionRoutes } from "./http/routes/sessions.ts";
import { sessionSettingsRoutes } from "./http/routes/session-settings.ts";
import { settingsRoutes } from "./http/routes/hub-settings.ts";
import { createApp } from "./http/app.ts";
import { cliHandlers } from "./socket/cli-handlers.ts";
import { cliNamespace } from "./socket/cli-namespace.ts";
import { terminalNamespace } from "./socket/terminal-namespace.ts";
import { uploadRoutes } from "./http/routes/uploads.ts";

const pruneEveryMs = 10_000;

export interface Hub {
  app: Hono;
  /** Reads what was, and begins to watch leases, schedules and the log's size. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function createHub(parts: HubParts): Hub {
  const services = createServices(parts);
  connectSockets(parts, services);
  const retention = parts.retention ?? keepsEverything;
  const remove = removal(services, () => housekeeping.scrub());
  const app = createHttp(parts, services, remove);
  const housekeeping = new Housekeeping({
    store: parts.stores.keeping,
    retention: () => retention.read(),
    session: (id) => parts.stores.sessions.get(id),
    isStarting: (session) => services.lifecycle.isStarting(session),
    remove,
    clock: parts.clock,
    log: parts.log,
  });
  let stopPruning = (): void => undefined;
  const prune = (): void => {
    stopPruning = parts.clock.setTimer(pruneEveryMs, () => {
      ignore(parts.stores.log.prune(parts.clock.now()), "the log stays longer; the next round tries again");
      prune();
    });
  };
  return {
    app,
    async start() {
      await services.presence.start();
      await services.machinePresence.start();
      services.jobs.start();
      services.promptWatch.start();
      services.feed.start();
      prune();
      await housekeeping.start();
    },
    async stop() {
      stopPruning();
      await housekeeping.stop();
      services.presence.stop();
      services.machinePresence.stop();
      await services.jobs.stop();
      services.delivery.stop();
      services.waker.close();
      services.promptWatch.stop();
      services.stopRelay();
      services.toasts.stop();
      await services.feed.stop();
      services.sse.close();
      parts.sockets.close();
      await parts.stores.close();
    },
  };
}

function connectSockets(parts: HubParts, services: Services): void {
  const { stores, sockets, tokens, clock, log } = parts;
  const { sessions, messages, machines } = stores;
  const { access, presence, machinePresence, lifecycle, delivery, live, rpc, links, door, permissions, durable } = services;
  const handlers = cliHandlers({
    access,
    sessions,
    transaction: stores.transaction,
    messages,
    machines,
    presence,
    machinePresence,
    lifecycle,
    delivery,
    live,
    rpc,
    clock,
    onRegistered({ link }, method) {
      if (link?.scope === "session" && isCall(method, sessionRpc.permission))
        ignore(permissions.deliverWaiting(link.scopeId), "it is tried again when the session attaches");
      if (link?.scope === "machine" && isCall(method, machineRpc.spawnHappySession)) services.machineReady(link.scopeId);
      if (link?.scope === "machine" && isCall(method, machineRpc.forgetSession))
        ignore(services.jobs.hurry(forgetKind, link.scopeId), "it is tried again when the machine comes back");
    },
  });
  const onJoined = (link: Link): void => {
    if (link.scope === "session") services.deliver(link.scopeId, link);
  };
  sockets.namespace("/cli", cliNamespace({ door, sessions, machines, links, rpc, log, handlers, durable, onJoined }));
  sockets.namespace("/terminal", terminalNamespace(tokens));
}

/** Takes a session out of the database, of everything in memory and of its machine, and its text off the disk. */
function removal(services: Services, scrub: () => Promise<void>): (session: Session) => Promise<void> {
  return async (session) => {
    const { id, namespace, metadata } = session;
    await services.lifecycle.remove(session);
    await services.durable();
    services.presence.forget(id);
    for (const link of services.links.of("session", id)) {
      services.rpc.unregisterAll(link);
      services.links.remove(link);
    }
    await scrub();
    if (metadata?.machineId !== undefined) await services.forgetNow({ id: metadata.machineId, namespace });
  };
}

function createHttp(parts: HubParts, services: Services, remove: (session: Session) => Promise<void>): Hono {
  const { stores, tokens, ownerId, callerOf, corsOrigins, clock, log, web } = parts;
  const { sessions, messages, machines, attachments } = stores;
  const { access, rpc, sse, prompts, lifecycle, resume, control, fork, settings, permissions, watch, durable } = services;
  const now = () => clock.now();
  return createApp({
    auth: { door: services.door, tokens, ownerId, callerOf },
    api: [
      sessionRoutes({ access, sessions, messages, lifecycle, resume, control, fork, settings, rpc, now, durable, remove }),
      sessionSettingsRoutes({ access, settings, rpc }),
      sessionFileRoutes({ access, rpc }),
      uploadRoutes({ access, rpc, attachments }),
      exportRoutes({ access, messages, now }),
      messageRoutes({ access, messages, prompts, watch: services.promptWatch }),
      permissionRoutes({ access, permissions }),
      machineRoutes({ access, machines, rpc, now, durable, onSpawned: services.onSpawned }),
      eventRoutes({ access, sse }),
      factRoutes({ access, facts: stores.facts, log: stores.log }),
      settingsRoutes({ settings: parts.settings, files: () => stores.keeping.files() }),
      keepingRoutes({ restorer: parts.restorer, retention: parts.retention ?? keepsEverything }),
      refusalRoutes({ access }),
    ],
    cli: cliRoutes({
      access,
      sessions,
      stops: stores.stops,
      endDeleted: (machine, id) => services.endDeleted(machine, id),
      async keepDeleted(id) {
        await stores.transaction(({ stops, jobs }) => Promise.all([stops.clear(id), jobs.drop(forgetKind, id)]));
      },
      messages,
      machines,
      rpc,
      now,
      durable,
      whenInactive: (id, waitMs) => watch.whenInactive(id, waitMs),
    }),
    corsOrigins,
    settled: () => stores.settled(),
    log,
    web,
  });
}
