/** Whose requests these are: what a card must know about its session. The chat gives its own; the inbox gives one per session. */
import { createContext, useContext } from "react";
import type { RequestActions } from "../../../sync/port.ts";

export interface RequestHost {
  sessionId: string;
  /** In sentences: "Claude". */
  agent: string;
  /** The session's directory, short. */
  directory: string;
  /** The same in full: paths below it are shown without it. */
  root: string | null;
  /** Permission modes of this agent, for approving a plan. */
  modes: readonly string[];
  /** The mode in force now; null: not known. */
  mode: string | null;
  /** The session process is reachable; otherwise an answer waits for it. */
  reachable: boolean;
  actions: RequestActions;
}

export const RequestHostContext = createContext<RequestHost | null>(null);

/** Null outside of any session, as in a gallery. */
export const useRoot = (): string | null => useContext(RequestHostContext)?.root ?? null;

export function useRequestHost(): RequestHost {
  const host = useContext(RequestHostContext);
  if (!host) throw new Error("request cards live inside a RequestHostContext");
  return host;
}
