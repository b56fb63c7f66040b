/** How an item is drawn, handed down instead of imported: a sub-agent's card holds items, and an item may be a sub-agent's card. */
import { createContext, type ReactNode } from "react";
import type { TimelineItem } from "@hapi/core";

export const ItemNode = createContext<(item: TimelineItem) => ReactNode>(() => null);
