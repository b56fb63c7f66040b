/** Words of the chat in Chinese. */
import type { CatalogOf } from "../index.ts";
import type { chat as source } from "../en/chat.ts";

export const chat = {} satisfies CatalogOf<typeof source>;
