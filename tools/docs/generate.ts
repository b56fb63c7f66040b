/** `npm run docs`: writes the generated documents, and the list of what is larger than it should be, if it shrank. */
import { writeFileSync } from "node:fs";
import { limitsFile, writeLimits } from "../boundaries/limits.ts";
import { generated } from "./documents.ts";

for (const [path, text] of await generated()) {
  writeFileSync(path, text);
  console.log(`wrote ${path}`);
}
writeLimits();
console.log(`wrote ${limitsFile}`);
