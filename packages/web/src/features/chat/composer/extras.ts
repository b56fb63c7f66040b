/** One file to fetch for all of them. */
import "../../../i18n/later.ts";
export { FileChips } from "./file-chips.tsx";
export { PlusMenu } from "./plus-menu.tsx";
export { QueueBar } from "./queue-bar.tsx";
export { SlashMenu } from "./slash-menu.tsx";
