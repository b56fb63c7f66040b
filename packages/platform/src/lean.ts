/** The part of the face that loads no npm package and no database: what the session host and the viewer may use. */
export * from "./atomic-file.ts";
export * from "./become.ts";
export * from "./clock.ts";
export * from "./dir-lock.ts";
export * from "./hub-owner.ts";
export * from "./ignore.ts";
export * from "./parent-death.ts";
export * from "./paths.ts";
export * from "./process-facts.ts";
export * from "./process-family.ts";
export * from "./secrets.ts";
export * from "./self.ts";
export * from "./small-process.ts";
export * from "./spawn.ts";
export * from "./pty.ts";
export * from "./unix-socket.ts";
