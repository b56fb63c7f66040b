/** One file to fetch for all of them. */
import "../../../i18n/later.ts";
export { ControlNote } from "./control-note.tsx";
export { FileChips } from "./file-chips.tsx";
export { FileDrop } from "./file-drop.tsx";
export { PlusMenu } from "./plus-menu.tsx";
export { QueueBar } from "./queue-bar.tsx";
export { SendOptions } from "./send-options.tsx";
export { SlashMenu } from "./slash-menu.tsx";
