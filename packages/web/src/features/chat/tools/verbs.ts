/** What a call does or did, in the person's language, by its kind and whether it is over. */
import { useCallback } from "react";
import type { Activity, ToolGroupItem, ToolItem, ToolSummary } from "@hapi/core";
import type { ToolKind } from "@hapi/protocol";
import { useT, type MessageKey, type Translate } from "../../../i18n/index.ts";
import { objectOf } from "./tool.model.ts";

const VERBS = {
  read: ["verb.read", "verb.read.now"],
  edit: ["verb.edit", "verb.edit.now"],
  delete: ["verb.delete", "verb.delete.now"],
  move: ["verb.move", "verb.move.now"],
  search: ["verb.search", "verb.search.now"],
  execute: ["verb.execute", "verb.execute.now"],
  think: ["verb.think", "verb.think.now"],
  fetch: ["verb.fetch", "verb.fetch.now"],
  agent: ["verb.agent", "verb.agent.now"],
  todo: ["verb.todo", "verb.todo.now"],
  question: ["verb.question", "verb.question.now"],
  plan: ["verb.plan", "verb.plan.now"],
  other: ["verb.other", "verb.other.now"],
} as const satisfies Record<ToolKind, readonly [over: MessageKey, now: MessageKey]>;

/** A command that ended badly still ran; everything else was not done. */
const FAILED = {
  read: "verb.read.failed",
  edit: "verb.edit.failed",
  delete: "verb.delete.failed",
  move: "verb.move.failed",
  search: "verb.search.failed",
  fetch: "verb.fetch.failed",
  other: "verb.other.failed",
} as const satisfies Partial<Record<ToolKind, MessageKey>>;

const canFail = (kind: ToolKind): kind is keyof typeof FAILED => Object.hasOwn(FAILED, kind);

export function verbIn(item: Pick<ToolItem, "kind" | "status">, t: Translate): string {
  if (item.status === "denied") return t("verb.denied");
  if (item.status === "cancelled") return t("verb.cancelled");
  if (item.status === "failed" && canFail(item.kind)) return t(FAILED[item.kind]);
  const [over, now] = VERBS[item.kind];
  return t(item.status === "running" || item.status === "waiting" ? now : over);
}

export function useVerb(): (item: ToolItem) => string {
  const t = useT();
  return useCallback((item) => verbIn(item, t), [t]);
}

/** "Running npm test": the verb of what goes on, and its object where it has one. */
export function activityWords(activity: Activity, t: Translate): string {
  if (activity.what !== "tool") return t(activity.what === "thinking" ? "chat.thinking" : "chat.writing");
  return [t(VERBS[activity.kind][1]), objectOf(activity)].filter(Boolean).join(" ");
}

/** What was looked at: "Read 3 files · Searched 2 times". */
export function useGroupWords(): (item: ToolGroupItem) => string {
  const t = useT();
  return useCallback(
    ({ files, searches }) =>
      [files > 0 && t("verb.group.read", { count: files }), searches > 0 && t("verb.group.search", { count: searches })]
        .filter(Boolean)
        .join(" · "),
    [t],
  );
}

/** What came of a call, in few words. */
export function summaryIn(summary: ToolSummary | null, t: Translate): string {
  switch (summary?.what) {
    case undefined:
      return "";
    case "lines":
      return t("summary.lines", { count: summary.count });
    case "nothing":
      return t("summary.nothing");
    case "exit":
      return t("summary.exit", { code: summary.code });
    case "failed":
      return t("summary.failed");
    case "changed":
      return `+${summary.added} −${summary.removed}`;
    case "said":
      return summary.text;
  }
}
