/** `npm run docs`: writes the generated documents. */
import { writeFileSync } from "node:fs";
import { generated } from "./documents.ts";

for (const [path, text] of await generated()) {
  writeFileSync(path, text);
  console.log(`wrote ${path}`);
}
