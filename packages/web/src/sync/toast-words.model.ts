/** What a toast of the hub says, in the reader's language; a hub, or a kind of news, that says nothing to translate is read in its own words. */
import { toolKindOf } from "@hapi/core";
import type { SyncEvent } from "@hapi/protocol";
import { wordsOfRequests } from "../i18n/request-words.ts";
import type { Translate } from "../i18n/index.ts";

type ToastData = Extract<SyncEvent, { type: "toast" }>["data"];

export function toastWords({ body, about }: ToastData, t: Translate): string {
  switch (about?.kind) {
    case "request": {
      const { tool = "", count = 1, said } = about;
      if (count > 1) return t("toast.requests", { count });
      if (said !== undefined && said !== tool) return t("toast.request", { said });
      return tool === "" ? body : wordsOfRequests([tool], { count, asks: toolKindOf(tool) === "question" }, t);
    }
    case "done":
      return t("status.done");
    case "failed":
      return about.said === undefined ? t("status.failed") : t("session.failed", { what: t("status.failed"), reason: about.said });
    default:
      return body;
  }
}
