/**
 * The app's one connection to its hub: REST, sync engine, outbox, drafts, and the device's database under them. Made on signing in, ended on
 * signing out. Everything it learns goes into the store (`store.ts`) and to those who subscribe.
 */
import { createHubApi, createOutbox, createSyncEngine, type HubApi, type Outbox, type OutboxEntry, type SyncEngine } from "@hapi/client";
import { AppError, type SyncEvent } from "@hapi/protocol";
import type { DraftStore } from "./port.ts";
import { ignore, note } from "../ground/ignore.ts";
import { t } from "../i18n/index.ts";
import { showToast } from "../ui/toast.ts";
import { connectionOf, sameConnection, settledSummaries } from "./bridge.model.ts";
import { openDatabase } from "./database.ts";
import { createDrafts } from "./drafts.ts";
import { lastContact } from "./last-contact.ts";
import { newId } from "../ground/new-id.ts";
import { ANSWERS_KEY, cacheStorage, outboxStorage } from "./storage.ts";
import { watchSilence } from "./silence.ts";
import { useHub } from "./store.ts";
import { openTabs } from "./tabs.ts";

export interface HubLink {
  readonly api: HubApi;
  readonly engine: SyncEngine;
  readonly outbox: Outbox;
  readonly drafts: DraftStore;
  /** The last failure to read messages, until one succeeds. */
  readonly messagesError: AppError | null;
  /** Taken by the hub, not seen in the timeline yet: they must not vanish in between. */
  readonly justSent: readonly OutboxEntry[];
  subscribe(listener: () => void): () => void;
  close(options: { forget: boolean }): Promise<void>;
}

export interface LinkOptions {
  baseUrl: string;
  accessToken: () => string | null;
  onRenewed: (accessToken: string) => void;
  /** The hub does not take the token any more. */
  onExpired: (because: AppError) => void;
  onEvent: (event: SyncEvent) => void;
  /** Asks the person to prove that it is them. */
  prove: () => Promise<boolean>;
}

/** A row for every prompt arrives well within this; later the prompt was seen elsewhere. */
const JUST_SENT_MS = 15_000;

let current: HubLink | null = null;

/** The connection; being signed in is the caller's knowledge. */
export function hubLink(): HubLink {
  if (!current) throw new AppError("missing_token");
  return current;
}

export async function openLink(options: LinkOptions): Promise<HubLink> {
  const database = await openDatabase(options.baseUrl);
  const contact = lastContact(options.baseUrl);
  const listeners = new Set<() => void>();
  let messagesError: AppError | null = null;
  let justSent: readonly OutboxEntry[] = [];
  const tell = (): void => {
    for (const listener of listeners) listener();
  };

  const api = createHubApi({ ...options, onSignedOut: options.onExpired });
  const silence = watchSilence((next) => useHub.setState({ silence: next }));
  const showConnection = (): void => {
    const connection = connectionOf(engine.status, contact.at(), navigator.onLine);
    if (!sameConnection(useHub.getState().connection, connection)) useHub.setState({ connection });
    silence.look(connection);
    tell();
  };
  const engine = createSyncEngine({
    api,
    storage: cacheStorage(database),
    allMachines: true,
    visible: document.visibilityState === "visible",
    onChange(state) {
      if (Object.values(state.windows).some((window) => window.epoch !== null)) messagesError = null;
      const shown = useHub.getState();
      const summaries = settledSummaries(shown.summaries, state.summaries);
      const listed = engine.listed !== "nowhere";
      const { sessions, machines } = state;
      const isNews = summaries !== shown.summaries || sessions !== shown.sessions || machines !== shown.machines || listed !== shown.listed;
      if (isNews) useHub.setState({ summaries, sessions, machines, listed, ...(listed ? { loadError: null } : {}) });
      tell();
    },
    onStatus(status) {
      heed(status, outbox);
      showConnection();
    },
    onEvent(event) {
      contact.heard(Date.now());
      options.onEvent(event);
    },
    onError(error, what) {
      if (what === "messages") messagesError = error;
      if (what === "list" && !useHub.getState().listed) useHub.setState({ loadError: error });
      if (what === "cache") note("the cache on this device failed", error);
      tell();
    },
  });
  useHub.setState({ lasting: database.lasting });
  const tabs = openTabs(options.baseUrl, () => ignore(outbox.refresh(), "heard of again with the next change"));
  const outbox = createOutbox({
    storage: tabs.shared(outboxStorage(database)),
    exclusive: tabs.exclusive,
    newId,
    send: async (sessionId, body, signal) => {
      await api.messages.send(sessionId, body, signal);
      if (body.deliveryMode === "steer" && body.localId) steer(sessionId, body.localId);
      // before the outbox forgets it, so that it stays on screen until its row arrives
      const entry = outbox.entries.find((candidate) => candidate.localId === body.localId);
      if (entry) keepShowing(entry);
    },
    onChange(entries) {
      useHub.setState({ unsent: entries.filter((entry) => entry.state === "sending").length });
      tell();
    },
    onStorageError: (cause) => note("the outbox on this device failed", cause),
  });
  /** The hub has it in the queue; what the agent does not take into its running turn stays there. */
  function steer(sessionId: string, localId: string): void {
    const isWorking = (): boolean => engine.state.sessions[sessionId]?.thinking ?? false;
    api.messages.steer(sessionId, localId).then(
      (answer) => {
        if (answer.status === "failed" && isWorking()) showToast({ tone: "idle", text: t("steer.waits") });
      },
      () => isWorking() && showToast({ tone: "idle", text: t("steer.waits") }),
    );
  }
  function keepShowing(entry: OutboxEntry): void {
    justSent = [...justSent, entry];
    setTimeout(() => {
      justSent = justSent.filter((other) => other !== entry);
      tell();
    }, JUST_SENT_MS);
  }
  const stopWatching = watchDevice(engine, api, showConnection);

  const link: HubLink = {
    api,
    engine,
    outbox,
    drafts: createDrafts(database),
    get messagesError() {
      return messagesError;
    },
    get justSent() {
      return justSent;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close({ forget }) {
      current = null;
      stopWatching();
      silence.stop();
      outbox.stop();
      tabs.close();
      await engine.stop({ forget });
      if (forget) {
        contact.forget();
        localStorage.removeItem(ANSWERS_KEY);
        await database.clear();
      }
      database.close();
    },
  };
  current = link;
  return link;
}

function heed(status: SyncEngine["status"], outbox: Outbox): void {
  if (status.phase === "online") outbox.kick();
  // What a hub lets in says so in its first event.
  if (status.phase === "waiting" && status.error) useHub.setState({ locked: status.error.code === "hub_locked" });
}

/** Network and visibility of this device, told to the engine; the hub learns who is looking, for toasts. */
function watchDevice(engine: SyncEngine, api: HubApi, onChange: () => void): () => void {
  const onNetwork = (): void => {
    engine.setOnline(navigator.onLine);
    onChange();
  };
  const onVisibility = (): void => {
    const isVisible = document.visibilityState === "visible";
    engine.setVisible(isVisible);
    const { status } = engine;
    if (status.phase !== "online") return;
    ignore(api.setVisibility(status.subscriptionId, isVisible ? "visible" : "hidden"), "only decides where toasts go");
  };
  window.addEventListener("online", onNetwork);
  window.addEventListener("offline", onNetwork);
  document.addEventListener("visibilitychange", onVisibility);
  return () => {
    window.removeEventListener("online", onNetwork);
    window.removeEventListener("offline", onNetwork);
    document.removeEventListener("visibilitychange", onVisibility);
  };
}
