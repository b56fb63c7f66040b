/** English: the catalog every other one is checked against. One file per owner of screens. */
import { app } from "./app.ts";
import { chat } from "./chat.ts";
import { errors } from "./errors.ts";

export const en = { ...app, ...chat, ...errors };
