/** Brings the English words of passkeys and of being asked for one. See `later.ts`. */
import { passkeys } from "./en/passkeys.ts";
import { addWords } from "./index.ts";

addWords(passkeys);
