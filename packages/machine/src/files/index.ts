export { confineTo, isInside, type Confinement } from "./confine.ts";
export type { CommandAnswer, CommandResult, RunCommand } from "./command.ts";
export { readBytes } from "./read.ts";
export { fileRpcs } from "./rpc.ts";
