/** Brings the English words of the page that says who may come in. See `later.ts`. */
import { devices } from "./en/devices.ts";
import { addWords } from "./index.ts";

addWords(devices);
