/** `bun main.ts`: the demo agent on stdio without the rest of the CLI. Used by tests and by `hapi demo acp`. */
import { serveDemoOnStdio } from "./agent.ts";

await serveDemoOnStdio(process.env);
process.exit(0);
