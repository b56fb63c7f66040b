/** Chinese (Simplified), loaded when chosen. */
import type { CatalogOf } from "../index.ts";
import type { en } from "../en/index.ts";
import { app } from "./app.ts";
import { chat } from "./chat.ts";

export const zh = { ...app, ...chat } satisfies CatalogOf<typeof en>;
