/** A git worktree that a session works in. On its own, for programs that must start in milliseconds. */
import * as z from "zod/mini";
import { timestamp } from "./primitives.ts";

export const worktreeSchema = z.looseObject({
  basePath: z.string(),
  branch: z.string(),
  name: z.string(),
  worktreePath: z.optional(z.string()),
  createdAt: z.optional(timestamp),
});
