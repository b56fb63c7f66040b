/** One session at its address: opened in the sync engine while it is shown, marked as seen, and gone when the hub says so. */
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { newsAt } from "@hapi/core";
import { toAppError } from "@hapi/protocol";
import { ChatScreen } from "../features/chat/index.ts";
import { isAway } from "../sync/bridge.model.ts";
import { createChatPort } from "../sync/chat-port.ts";
import { hubLink } from "../sync/link.ts";
import { markSeen } from "../sync/seen.ts";
import { useHub, useSessionSummary } from "../sync/store.ts";
import { Skeleton } from "../ui/skeleton.tsx";
import { ErrorScreen, NotFoundScreen } from "./error-screen.tsx";
import { part } from "../ui/part.tsx";
import { goBack } from "../ground/routing/location.ts";
import { paths } from "../ground/routing/match.ts";
import type { ScreenProps } from "../ui/lazy-screen.tsx";
import { source } from "../ground/source.ts";

const AbsentSession = part(
  source(() => import("./absent-session.tsx")),
  ({ AbsentSession }) => AbsentSession,
  { waiting: () => <Skeleton lines={6} />, frame: (word) => <div className="m-auto p-4">{word}</div> },
);

export function SessionRoute({ params }: ScreenProps) {
  const id = params["sessionId"] ?? "";
  return <OpenSession key={id} id={id} />;
}

function OpenSession({ id }: { id: string }) {
  const session = useHub((state) => state.sessions[id]);
  const problem = useOpen(id);
  const away = useAway();
  useSeen(id);
  const isKnown = session !== undefined;
  // one port per session: its later words reach the chat through the port itself
  const port = useMemo(() => {
    const first = useHub.getState().sessions[id];
    return isKnown && first ? createChatPort(hubLink(), first) : null;
  }, [id, isKnown]);
  if (port) return <ChatScreen port={port} onBack={() => goBack(paths.sessions)} />;
  if (problem?.status === 404 || problem?.status === 403) return <NotFoundScreen />;
  if (problem) return <ErrorScreen error={problem} />;
  return away ? <AbsentSession id={id} /> : <Skeleton lines={6} />;
}

/** Keeps the session's rows coming; tells why it can't be had at all. */
function useOpen(id: string) {
  const [problem, setProblem] = useState<ReturnType<typeof toAppError> | null>(null);
  const phase = useHub((state) => state.connection.phase);
  useEffect(() => hubLink().engine.openSession(id), [id]);
  useEffect(() => {
    if (useHub.getState().sessions[id] || phase !== "online") return;
    let isCurrent = true;
    hubLink()
      .engine.loadSession(id)
      .then(
        () => isCurrent && setProblem(null),
        (cause: unknown) => isCurrent && setProblem(toAppError(cause)),
      );
    return () => {
      isCurrent = false;
    };
  }, [id, phase]);
  return problem;
}

function useAway(): boolean {
  return useSyncExternalStore(
    (listener) => hubLink().subscribe(listener),
    () => isAway(hubLink().engine.status),
  );
}

/** What is in front of the person is seen, as far as it goes at that moment. */
function useSeen(id: string): void {
  const summary = useSessionSummary(id);
  const at = summary && newsAt(summary);
  useEffect(() => {
    if (at === undefined) return;
    const look = (): void => {
      if (document.visibilityState === "visible") markSeen(id, at);
    };
    look();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [id, at]);
}
