/**
 * Permission mode, model and effort of this session. What a person chose is in the session file, and every start of the agent uses it. What the agent was seen in
 * (a hook's word, a mode it went into by itself) is in force until its process ends: shown, decided by, and never taken for a choice.
 */
import type { DriverLog } from "@hapi/agents";
import { noticeWords, type NoticeWords } from "@hapi/protocol";
import type { Ledger } from "./ledger.ts";
import type { Settings } from "./ledger-state.ts";
import type { OpenSessionFile } from "./session-file.ts";

export interface InForce {
  readonly permissionMode: string | undefined;
  readonly model: string | null;
  readonly effort: string | null;
  /** The agent was seen in it. */
  seen(settings: Settings): void;
  /** A person chose it. */
  chosen(settings: Settings): void;
  /** A plan was accepted: whoever chose to plan first does not plan the next start again. What follows it is in force, and asks in later starts. */
  planAccepted(): void;
  /** The agent's process ended. */
  over(): void;
}

export interface InForceDeps {
  ledger: Ledger;
  sessionFile: OpenSessionFile;
  /** This is the first process of a new launch: nothing that was seen before holds. */
  launched: boolean;
  agent: string;
  notice(words: NoticeWords, level: "info"): void;
  log: DriverLog;
}

export function createInForce({ ledger, sessionFile, launched, agent, notice, log }: InForceDeps): InForce {
  let now: Settings = launched ? {} : (ledger.state.facts.inForce ?? {});
  /** Seen in the process before, and no longer in force. */
  let before: string | undefined;

  function set(next: Settings): void {
    if (JSON.stringify(next) === JSON.stringify(now)) return;
    now = next;
    ledger.setFacts({ inForce: next }).catch((cause: unknown) => log.warn("session.in_force_not_kept", { cause }));
  }

  /** Who left the agent in one mode and finds it in another hears why. */
  function compare(mode: string): void {
    if (before !== undefined && before !== mode)
      notice(noticeWords("mode_other", { agent, before: { mode: before }, mode: { mode } }), "info");
    before = undefined;
  }

  return {
    get permissionMode() {
      return now.permissionMode ?? sessionFile.value.permissionMode;
    },
    get model() {
      return now.model ?? sessionFile.value.model ?? null;
    },
    get effort() {
      return now.effort ?? sessionFile.value.effort ?? null;
    },
    seen(settings) {
      if (settings.permissionMode !== undefined) compare(settings.permissionMode);
      set({ ...now, ...settings });
    },
    chosen(settings) {
      sessionFile.update({ ...settings });
      if (settings.permissionMode !== undefined) before = undefined;
      // From here on it is what is in force, until something else is seen.
      set(Object.fromEntries(Object.entries(now).filter(([key]) => settings[key as keyof Settings] === undefined)));
    },
    planAccepted() {
      if (sessionFile.value.permissionMode === "plan") sessionFile.update({ permissionMode: "default" });
    },
    over() {
      if (now.permissionMode !== undefined && now.permissionMode !== sessionFile.value.permissionMode) before = now.permissionMode;
      set({});
    },
  };
}
