/** Folders that agents in sandboxes write: what lies there is run by nobody outside them. */
import { listSessionFiles } from "./create-session.ts";

/** Of every session in a sandbox that this home keeps, ended ones with them: what such an agent left is there still. */
export const boxedFolders = (home: string): string[] => listSessionFiles(home).flatMap(({ box, cwd }) => (box ? [cwd] : []));
