/** Wires the hub from its parts. Opens no file and no port: `start-hub.ts` does, and tests may do otherwise. */
import { ignore } from "@hapi/platform";
import type { Hono } from "hono";
import { revokeDevices } from "./auth/all-of-them.ts";
import { credentialRoutes } from "./http/routes/credentials.ts";
import { cliRoutes } from "./http/routes/cli.ts";
import { factRoutes } from "./http/routes/facts.ts";
import { eventRoutes } from "./http/routes/events.ts";
import { forgetKind } from "./machines/forgets.ts";
import { keepingRoutes } from "./http/routes/keeping.ts";
import { lockRoutes } from "./http/routes/lock.ts";
import { machineRoutes } from "./http/routes/machines.ts";
import { messageRoutes } from "./http/routes/messages.ts";
import { passkeyRoutes } from "./http/routes/passkeys.ts";
import { permissionRoutes } from "./http/routes/permissions.ts";
import { refusalRoutes } from "./http/routes/refusals.ts";
import { connectReactions, type Reactions } from "./reactions.ts";
import { createServices, type HubParts, type Services } from "./services.ts";
import { exportRoutes } from "./http/routes/session-export.ts";
import { sessionFileRoutes } from "./http/routes/session-files.ts";
import { sessionRoutes } from "./http/routes/sessions.ts";
import { sessionSettingsRoutes } from "./http/routes/session-settings.ts";
import { settingsRoutes } from "./http/routes/hub-settings.ts";
import { createApp } from "./http/app.ts";
import { createRateLimits } from "./http/limits.ts";
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
  const reactions = connectReactions(services, parts.bus);
  connectSockets(parts, services, reactions);
  const app = createHttp(parts, services, () => reactions.unlocked());
  let stopPruning = (): void => undefined;
  const prune = (): void => {
    stopPruning = parts.clock.setTimer(pruneEveryMs, () => {
      ignore(parts.stores.log.prune(parts.clock.now()), "the log stays longer; the next round tries again");
      prune();
    });
  };
  const { credentials, lock } = services;
  return {
    app,
    async start() {
      await credentials.start();
      await services.passkeys.start();
      // Killed while it was locked, or put back to a time when they were good.
      if (lock.state !== null) await revokeDevices(credentials, lock.state.since || parts.clock.now());
      await services.presence.start();
      await services.machinePresence.start();
      services.jobs.start();
      services.promptWatch.start();
      services.feed.start();
      prune();
      await services.housekeeping.start();
    },
    async stop() {
      stopPruning();
      services.scrubber.stop();
      await services.housekeeping.stop();
      services.presence.stop();
      services.machinePresence.stop();
      services.delivery.stop();
      services.waker.close();
      services.promptWatch.stop();
      reactions.stop();
      services.toasts.stop();
      await services.feed.stop();
      services.sse.close();
      // Whoever waits for a machine's answer hears now that there will be none.
      const jobsDone = services.jobs.stop();
      parts.sockets.close();
      await jobsDone;
      await parts.stores.close();
    },
  };
}

function connectSockets(parts: HubParts, services: Services, { onRegistered, onJoined }: Reactions): void {
  const { stores, sockets, tokens, clock, log } = parts;
  const { sessions, messages, machines } = stores;
  const { access, presence, machinePresence, lifecycle, delivery, live, rpc, links, door, durable, credentials, lock } = services;
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
    onRegistered: ({ link }, method) => link && onRegistered(link, method),
  });
  sockets.namespace("/cli", cliNamespace({ door, credentials, lock, access, links, rpc, log, handlers, durable, onJoined }));
  sockets.namespace("/terminal", terminalNamespace({ tokens, credentials, lock }));
}

function createHttp(parts: HubParts, services: Services, onUnlocked: () => void): Hono {
  const { stores, tokens, ownerId, callerOf, corsOrigins, clock, log, web } = parts;
  const { sessions, messages, machines, attachments } = stores;
  const { access, rpc, sse, prompts, lifecycle, resume, control, fork, settings, permissions, watch, durable, remove } = services;
  const { credentials, lock, codes, notices } = services;
  const now = () => clock.now();
  return createApp({
    auth: { ...services, tokens, ownerId, callerOf, clock },
    api: [
      sessionRoutes({ access, sessions, messages, lifecycle, resume, control, fork, settings, rpc, now, durable, remove }),
      sessionSettingsRoutes({ access, settings, rpc }),
      sessionFileRoutes({ access, rpc }),
      uploadRoutes({ access, rpc, attachments }),
      exportRoutes({ access, messages, now }),
      messageRoutes({ access, messages, prompts, watch: services.promptWatch }),
      permissionRoutes({ access, permissions }),
      machineRoutes({ access, machines, rpc, now, durable, onSpawned: services.onSpawned }),
      eventRoutes({ access, sse, callerOf }),
      factRoutes({ access, facts: stores.facts, log: stores.log }),
      settingsRoutes({ settings: parts.settings, files: () => stores.keeping.files() }),
      keepingRoutes({ restorer: parts.restorer, retention: services.retention }),
      credentialRoutes({ credentials, codes, notices }),
      lockRoutes({ lock, credentials, codes, callerOf, onUnlocked }),
      passkeyRoutes({ door: services.door, passkeys: services.passkeys, stepUp: services.stepUp, callerOf }),
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
    limits: parts.limits ?? createRateLimits(clock),
    clock,
    settled: () => stores.settled(),
    log,
    web,
  });
}
