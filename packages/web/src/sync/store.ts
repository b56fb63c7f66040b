/**
 * Everything the screens show, in one zustand store. The sync engine writes it; screens read slices of it through the hooks below.
 * Records are replaced, never changed in place, and only when something a screen shows has changed: a heartbeat replaces nothing.
 */
import type { AppError } from "@hapi/protocol";
import type { Machine, Session, SessionSummary } from "@hapi/protocol";
import { useMemo } from "react";
import { create } from "zustand";
import { tellOnline } from "../ground/online.ts";
import type { OfferedHub } from "./credentials.ts";

export type AuthPhase = "restoring" | "signed-out" | "signed-in";

export type Connection =
  | { phase: "connecting" }
  | { phase: "online"; since: number }
  /** The hub was reached before, or there is a cache; `since` is when the last word from it came. */
  | { phase: "reconnecting"; since: number | null }
  | { phase: "offline"; since: number | null };

export interface HubState {
  auth: AuthPhase;
  /** Why the person has to sign in again, when it was not their doing. */
  signedOutBecause: AppError | null;
  /** A link leads there; nothing is sent to it before the person agrees. */
  offeredHub: OfferedHub | null;
  /** The hub wants to know whether it is them: who is to be told whether they proved it. */
  proving: readonly ((isProved: boolean) => void)[];
  /** The cache or the hub has given a list. */
  listed: boolean;
  summaries: Readonly<Record<string, SessionSummary>>;
  /** Full rows, for sessions that were opened or that wait for an answer. */
  sessions: Readonly<Record<string, Session>>;
  machines: Readonly<Record<string, Machine>>;
  connection: Connection;
  /** Why the list could not be loaded, when there is nothing to show instead. */
  loadError: AppError | null;
  /** Prompts and answers that no hub has taken yet. */
  unsent: number;
  /** This device keeps them when the page is closed. */
  lasting: boolean;
  /** Up to when sessions were seen here, as far as the hub does not know it yet. */
  seen: Readonly<Record<string, SeenMark>>;
  /** The hub has not been heard for longer than a moment; `since` null: never. Null: what is shown is so now. */
  silence: { since: number | null } | null;
  /** Everything is: as the hub said last. */
  locked: boolean;
}

export interface SeenMark {
  at: number;
  /** Made unread again: an earlier time than before. */
  back?: boolean;
}

export const initialState: HubState = {
  auth: "restoring",
  signedOutBecause: null,
  offeredHub: null,
  proving: [],
  listed: false,
  summaries: {},
  sessions: {},
  machines: {},
  connection: { phase: "connecting" },
  loadError: null,
  unsent: 0,
  lasting: true,
  seen: {},
  silence: null,
  locked: false,
};

export const useHub = create<HubState>()(() => initialState);
useHub.subscribe(({ connection }) => tellOnline(connection.phase === "online"));

/** Every session of the list; the same array until something a list shows has changed. */
export const useSessions = (): readonly SessionSummary[] => {
  const summaries = useHub((state) => state.summaries);
  return useMemo(() => Object.values(summaries), [summaries]);
};
export const useSessionSummary = (id: string): SessionSummary | undefined => useHub((state) => state.summaries[id]);
export const useMachines = (): Readonly<Record<string, Machine>> => useHub((state) => state.machines);
export const useConnection = (): Connection => useHub((state) => state.connection);
