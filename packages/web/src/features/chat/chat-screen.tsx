/** One session, whole: header, conversation, composer. Composed of parts that each take their own slice of the view. */
import { useEffect, useMemo, type ReactNode } from "react";
import { ConnectionNote } from "../connection/late-note.ts";
import { ignore } from "../../ground/ignore.ts";
import { useT } from "../../i18n/index.ts";
import { agentName, shortPath } from "../../i18n/names.model.ts";
import { ChatProvider, useChat, usePort } from "./chat-context.tsx";
import { Composer } from "./composer/composer.tsx";
import { ChatHeader } from "./header/chat-header.tsx";
import { loadExtras } from "./composer/lazy-extras.tsx";
import type { ChatPort } from "../../sync/port.ts";
import { loadRequestCard } from "./requests/lazy-request-card.tsx";
import { RequestHostContext, type RequestHost } from "./requests/request-host.tsx";
import { modesOf } from "./session.model.ts";
import { loadRareRows } from "./timeline/lazy-rows.tsx";
import { TimelineView } from "./timeline/timeline-view.tsx";
import { loadBodies } from "./tools/lazy-bodies.tsx";
import { useKeyboardInset } from "./use-keyboard-inset.ts";

/** `port` is made once per session: a new one means another session. */
export function ChatScreen({ port, onBack }: { port: ChatPort; onBack?: () => void }) {
  return (
    <ChatProvider key={port.store.view().session.id} port={port}>
      <Host>
        <Screen onBack={onBack} />
      </Host>
    </ChatProvider>
  );
}

/** Cards are there before they are wanted, but never in the way of the first paint. */
const EARLY_MS = 1_200;

function useEarlyCards(): void {
  useEffect(() => {
    const timer = setTimeout(
      () => ignore(Promise.all([loadRequestCard(), loadBodies(), loadExtras(), loadRareRows()]), "asked for again when one is shown"),
      EARLY_MS,
    );
    return () => clearTimeout(timer);
  }, []);
}

function Screen({ onBack }: { onBack?: () => void }) {
  const covered = useKeyboardInset();
  useEarlyCards();
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col" style={covered > 0 ? { paddingBottom: covered } : undefined}>
      <ChatHeader onBack={onBack} />
      <div className="relative flex min-h-0 flex-1 flex-col">
        <ConnectionNote strip />
        <TimelineView />
      </div>
      <Composer />
      {covered === 0 && <div className="safe-bottom" />}
    </div>
  );
}

function Host({ children }: { children: ReactNode }) {
  const t = useT();
  const { actions } = usePort();
  const session = useChat((view) => view.session);
  const { id, active, metadata } = session;
  const host = useMemo<RequestHost>(
    () => ({
      sessionId: id,
      agent: agentName(metadata?.flavor) || t("chat.agent"),
      directory: metadata ? shortPath(metadata.path, metadata.homeDir) : "",
      root: metadata?.path ?? null,
      modes: modesOf(session),
      mode: session.permissionMode ?? null,
      reachable: active,
      actions,
    }),
    [id, active, metadata, session, actions, t],
  );
  return <RequestHostContext value={host}>{children}</RequestHostContext>;
}
