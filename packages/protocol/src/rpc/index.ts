/** Every call of the hub to sessions and runners. By itself, because the web app makes none of them. */
export * from "./machine.ts";
export * from "./session.ts";
export * from "./spec.ts";
