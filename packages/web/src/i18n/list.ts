/** Brings the English words of the session list, its menus and dialogs; each part that shows them imports this file. See `later.ts`. */
import { list } from "./en/list.ts";
import { addWords } from "./index.ts";

addWords(list);
