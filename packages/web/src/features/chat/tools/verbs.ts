/** What a call does or did, in the person's language. English comes with the item; other languages choose by kind and status. */
import { useCallback } from "react";
import type { ToolGroupItem, ToolItem } from "@hapi/core";
import type { ToolKind } from "@hapi/protocol";
import { currentLocale, useT, type MessageKey } from "../../../i18n/index.ts";

const DONE = {
  read: "verb.read",
  edit: "verb.edit",
  delete: "verb.delete",
  move: "verb.move",
  search: "verb.search",
  execute: "verb.execute",
  think: "verb.think",
  fetch: "verb.fetch",
  agent: "verb.agent",
  todo: "verb.todo",
  question: "verb.question",
  plan: "verb.plan",
  other: "verb.other",
} as const satisfies Record<ToolKind, MessageKey>;

export function useVerb(): (item: ToolItem) => string {
  const t = useT();
  return useCallback((item) => (currentLocale() === "en" ? item.verb : t(DONE[item.kind])), [t]);
}

export function useGroupWords(): (item: ToolGroupItem) => string {
  const t = useT();
  return useCallback((item) => (currentLocale() === "en" ? item.summary : t("verb.group", { count: item.tools.length })), [t]);
}
