/** The chat's port on the hub: what a person can do in one session. */
import { AppError, type Attachment, type Session } from "@hapi/protocol";
import type { ChatActions, ChatPort } from "./port.ts";
import { requestActions } from "./request-actions.ts";
import { createSessionStore, type SessionStore } from "./chat-store.ts";
import type { HubLink } from "./link.ts";
import { arrived } from "../ground/source.ts";
import { newId } from "../ground/new-id.ts";

export function createChatPort(link: HubLink, session: Session): ChatPort {
  const store = createSessionStore(link, session);
  return { store, actions: chatActions(link, session.id, store), drafts: link.drafts, now: () => Date.now() };
}

const choiceActions = ({ api }: HubLink, id: string): Pick<ChatActions, "setPermissionMode" | "setModel" | "setEffort"> => ({
  setPermissionMode: (mode) => done(api.sessions.setPermissionMode(id, mode)),
  setModel: (model) => done(api.sessions.setModel(id, model)),
  setEffort: (effort) => done(api.sessions.setEffort(id, effort)),
});

function chatActions(link: HubLink, id: string, store: SessionStore): ChatActions {
  const { api, engine, outbox } = link;
  return {
    ...requestActions,
    async send({ text, attachments, steer, at }) {
      const mode = steer ? { deliveryMode: "steer" as const } : {};
      await outbox.add({ sessionId: id, text, attachments, ...mode, ...(at ? { scheduledAt: at } : {}) });
    },
    async cancel({ localId, messageId }) {
      if (localId !== null && (await outbox.cancel(localId)) === "removed") return "cancelled";
      const known = messageId ?? localId;
      if (known === null) return "busy";
      return (await api.messages.cancel(id, known)).status;
    },
    async sendAgain({ localId, messageId, text, attachments }) {
      const isRefused = outbox.entries.some((entry) => entry.localId === localId && entry.state === "rejected");
      if (isRefused && localId !== null) {
        await outbox.retry(localId);
        return "sent";
      }
      const known = messageId ?? localId;
      const answer = known === null ? null : await api.messages.retry(id, known);
      if (answer?.status === "retried" || answer?.status === "already-queued") return "sent";
      if (answer?.status === "invoked" && answer.message.stage !== "unknown") return "has-it";
      // nobody there to ask: the person was told that it may run twice
      await outbox.add({ sessionId: id, text, attachments });
      return "sent";
    },
    async steer({ messageId, localId }) {
      const known = messageId ?? localId;
      const answer = known === null ? null : await api.messages.steer(id, known);
      return answer === null || answer.status === "failed" ? "waits" : answer.status;
    },
    retry: () => done(api.sessions.retry(id)),
    setAutoRetry: (enabled) => done(api.sessions.setAutoRetry(id, enabled)),
    stopRetry: () => done(api.sessions.stopRetry(id)),
    resume: () => done(api.sessions.resume(id)),
    fork: (from) => api.sessions.fork(id, from === "thread" ? {} : { from }),
    diagnostics: async () => (await arrived(import("./diagnostics.ts"))).diagnosticsOf(api, id),
    async loadOlder() {
      store.setLoadingOlder(true);
      try {
        await engine.loadOlder(id);
      } finally {
        store.setLoadingOlder(false);
      }
    },
    abort: () => done(api.sessions.abort(id)),
    switchControl: (to, now) => done(api.sessions.switchControl(id, to, now)),
    ...choiceActions(link, id),
    rename: (name) => done(api.sessions.rename(id, name)),
    unarchive: () => done(api.sessions.unarchive(id)),
    async upload(file, progress, signal): Promise<Attachment> {
      progress(0);
      const [{ upload }, { thumbnailOf }] = await arrived(Promise.all([import("./upload.ts"), import("./thumbnail.ts")]));
      const { filename, mimeType, content } = file;
      const send = (): Promise<string> => upload(api, { sessionId: id, file, progress, signal });
      const [path, previewUrl] = await Promise.all([
        send().catch(async (cause: unknown) => {
          if (!(cause instanceof AppError) || cause.code !== "session_inactive") throw cause;
          // as the prompt it goes with would
          await api.sessions.resume(id);
          return send();
        }),
        thumbnailOf(content, mimeType),
      ]);
      progress(1);
      return { id: newId(), filename, mimeType, size: content.size, path, ...(previewUrl === null ? {} : { previewUrl }) };
    },
    picture: async (file) => (await arrived(import("./upload.ts"))).pictureOf(api, id, file),
    slashCommands: () => api.sessions.slashCommands(id),
    models: () => api.sessions.models(id),
  };
}

async function done(work: Promise<unknown>): Promise<void> {
  await work;
}
