/** A fact on the wire and in the database: also one of another version (`facts.ts`). Alone, so that readers who ask for none load none of the others. */
import * as z from "zod/mini";

export const anyFactSchema = z.looseObject({ kind: z.string() });
export type AnyFact = z.infer<typeof anyFactSchema>;
