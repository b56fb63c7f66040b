/** Plain answers about a session, for header, composer and timeline. Decides on capability documents, never on an agent's name. */
import { capability, permissionModesOf, type BackgroundWork, type Session } from "@hapi/protocol";
import type { Timeline } from "@hapi/core";

export type Control = "terminal" | "here" | "both";

/** Who types. `both`: terminal and web are live at once. */
export function controlOf(session: Session): Control {
  const control = capability(session.metadata, "control");
  if (control === "shared") return "both";
  if (control === "remote") return "here";
  return session.agentState?.controlledByUser === true ? "terminal" : "here";
}

/** Can control go the other way at all? */
export const canSwitch = (session: Session): boolean =>
  session.active && (capability(session.metadata, "control") ?? "switch") === "switch";

/** What goes on beside the turns; of a session that does not run, nothing does. */
export const backgroundOf = (session: Session): readonly BackgroundWork[] => (session.active ? (session.agentState?.background ?? []) : []);

const MAX_NAMED = 3;

/** "npm run dev, tests and 2 more" is left to the reader's eye: the first few, in the agent's words. */
export const namesOf = (work: readonly BackgroundWork[]): string => {
  const named = work.slice(0, MAX_NAMED).map((one) => one.label);
  return work.length > MAX_NAMED ? `${named.join(", ")} …` : named.join(", ");
};

/** The leased fact, never a guess from what was said: a turn whose end was lost must not look busy for ever. */
export const isWorking = (session: Session): boolean => session.active && session.thinking;

/** What was answered and is not taken up yet waits for the agent, not for a person. */
export const waitsForPerson = (timeline: Timeline): boolean => timeline.requests.some((request) => request.sent === null);

/** Put away by a person: it takes no prompt until a person takes it back. */
export const isArchived = (session: Session): boolean => session.metadata?.lifecycleState === "archived";

export function titleOf(session: Session): string | null {
  return session.metadata?.name ?? session.metadata?.summary?.text ?? null;
}

/** The modes on offer, first one is where a session starts. */
export function modesOf(session: Session): readonly string[] {
  return capability(session.metadata, "permissionModes") ?? permissionModesOf(session.metadata?.flavor);
}

/** "12.3k": tokens are read as magnitudes. */
export function tokenWords(count: number, locale: string): string {
  return new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 }).format(count);
}

export function costWords(dollars: number, locale: string): string {
  return new Intl.NumberFormat(locale, { style: "currency", currency: "USD", maximumFractionDigits: dollars < 0.1 ? 3 : 2 }).format(
    dollars,
  );
}
