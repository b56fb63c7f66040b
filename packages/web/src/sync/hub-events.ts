/** The hub's toasts. One about the session in front of the person would only repeat what they see. */
import "../i18n/list.ts";
import type { SyncEvent } from "@hapi/protocol";
import { currentLocation, navigate } from "../ground/routing/location.ts";
import { paths } from "../ground/routing/match.ts";
import { t } from "../i18n/index.ts";
import { toastWords } from "./toast-words.model.ts";
import { showToast } from "../ui/toast.ts";
import { statusIn } from "./status.ts";
import { useHub } from "./store.ts";

type Told<Kind extends SyncEvent["type"]> = Extract<SyncEvent, { type: Kind }>;

export function showHubEvent(event: Told<"toast" | "sign-in">): void {
  if (event.type === "toast") showHubToast(event);
  else showSignIn(event);
}

/** Whoever did not do that looks at once at who may come in. */
function showSignIn({ data: { kind, name = "" } }: Told<"sign-in">): void {
  showToast({
    id: `sign-in-${kind}`,
    tone: "waiting",
    text: kind === "failed" ? t("toast.signIn.failed") : t("toast.signIn.device", { name }),
    action: { label: t("session.open"), run: () => void navigate(paths.devices) },
  });
}

function showHubToast(event: Told<"toast">): void {
  const { title, sessionId } = event.data;
  const path = paths.session(sessionId);
  if (currentLocation().pathname === path) return;
  const state = useHub.getState();
  const summary = state.summaries[sessionId];
  const { what } = summary ? statusIn(summary, state) : { what: "idle" };
  showToast({
    id: `hub-${sessionId}`,
    tone: what === "waiting" || what === "failed" || what === "done" ? what : "idle",
    text: t("session.failed", { what: title, reason: toastWords(event.data, t) }),
    action: { label: t("session.open"), run: () => void navigate(path) },
  });
}
