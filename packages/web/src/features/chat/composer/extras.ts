/** One file to fetch for all of them. */
export { FileChips } from "./file-chips.tsx";
export { PlusMenu } from "./plus-menu.tsx";
export { QueueBar } from "./queue-bar.tsx";
export { SlashMenu } from "./slash-menu.tsx";
