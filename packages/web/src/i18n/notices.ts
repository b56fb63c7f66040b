/** Brings the English words of what HAPI itself says in a conversation; what shows a notice imports this file. See `later.ts`. */
import { notices } from "./en/notices.ts";
import { addWords } from "./index.ts";

addWords(notices);
