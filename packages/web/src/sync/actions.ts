/** What a person can do outside the chat. Every call rejects with an `AppError`; `errorText` has its words. */
import { hubLink } from "./link.ts";

const sessions = () => hubLink().api.sessions;

export const actions = {
  rename: (id: string, name: string) => sessions().rename(id, name),
  pin: (id: string, mode: "none" | "global") => sessions().pin(id, mode),
  archive: (id: string, reason?: string) => sessions().archive(id, reason),
  remove: (id: string) => sessions().remove(id),
  /** Also brings back an archived one. */
  resume: (id: string) => sessions().reopen(id),
  end: (id: string) => sessions().end(id),
} as const;

export const loadDetail = (id: string): Promise<void> => hubLink().engine.loadSession(id);
export const reconnectNow = (): void => hubLink().engine.reconnect();
