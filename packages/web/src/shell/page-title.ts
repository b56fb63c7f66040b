/** The tab says what is open in it, and how much waits: tabs and the browser's history are told apart by it. */
import "../i18n/list.ts";
import { useEffect } from "react";
import { useWaitingCount } from "../features/inbox/use-waiting.ts";
import { titleOf } from "../i18n/names.model.ts";
import { useT, type MessageKey } from "../i18n/index.ts";
import { useHub } from "../sync/store.ts";
import type { RouteId } from "../ground/routing/match.ts";

const NAMES = {
  session: "list.untitled",
  inbox: "nav.inbox",
  machines: "nav.machines",
  more: "nav.more",
  settings: "nav.settings",
  devices: "nav.devices",
  newSession: "list.new",
} as const satisfies Partial<Record<RouteId, MessageKey>>;

const hasName = (id: RouteId): id is keyof typeof NAMES => Object.hasOwn(NAMES, id);

/** One that is not in the list may not be there: it is no new one. */
const nameKey = (id: RouteId | undefined, isListed: boolean): (typeof NAMES)[keyof typeof NAMES] | null =>
  id === undefined || !hasName(id) || (id === "session" && !isListed) ? null : NAMES[id];

export interface TitledRoute {
  id: RouteId;
  params: Readonly<Record<string, string>>;
}

/** Shows nothing itself. */
export function PageTitle({ route }: { route: TitledRoute | null }): null {
  const t = useT();
  const waiting = useWaitingCount();
  const sessionId = route?.id === "session" ? (route.params["sessionId"] ?? "") : "";
  const session = useHub((state) => state.summaries[sessionId] && titleOf(state.summaries[sessionId]));
  const key = nameKey(route?.id, session !== undefined);
  const name = session || (key && t(key));
  const app = t("app.name");
  const title = `${waiting > 0 ? `(${waiting}) ` : ""}${name === null || name.includes(app) ? (name ?? app) : `${name} · ${app}`}`;
  useEffect(() => {
    document.title = title;
  }, [title]);
  return null;
}
