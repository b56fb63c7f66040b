/** Brings the English words of screens that are not the first one seen; each of them imports this file. See `later.ts`. */
import { screens } from "./en/screens.ts";
import { addWords } from "./index.ts";

addWords(screens);
