/**
 * Brings the English words of parts that come after the first paint, with the code that needs them: the first load holds only its own.
 * Every lazy part imports this file; other languages come whole.
 */
import { later } from "./en/later.ts";
import { addWords } from "./index.ts";

addWords(later);
