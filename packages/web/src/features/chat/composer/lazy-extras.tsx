/** Parts of the composer that are not writing: queue, files, command list, the "+" menu, what sending means now. They come right after the first paint. */
import { lazy } from "react";

export const loadExtras = () => import("./extras.ts");

export const ControlNote = lazy(async () => ({ default: (await loadExtras()).ControlNote }));
export const SendOptions = lazy(async () => ({ default: (await loadExtras()).SendOptions }));
export const QueueBar = lazy(async () => ({ default: (await loadExtras()).QueueBar }));
export const FileChips = lazy(async () => ({ default: (await loadExtras()).FileChips }));
export const SlashMenu = lazy(async () => ({ default: (await loadExtras()).SlashMenu }));
export const PlusMenu = lazy(async () => ({ default: (await loadExtras()).PlusMenu }));
