/** Lines of Gemini CLI's conversation files. */
import { attempt } from "@hapi/platform/lean";
import { fields, type Fields } from "../shared/read.ts";

/** A line that is half written or empty says nothing. */
export const parseRecord = (line: string): Fields =>
  line === "" ? {} : fields(attempt(() => JSON.parse(line) as unknown, "a line that is still being written"));
