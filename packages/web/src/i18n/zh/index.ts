/** Chinese (Simplified), loaded when chosen. */
import type { CatalogOf } from "../index.ts";
import type { devices as devicesEn } from "../en/devices.ts";
import type { en } from "../en/index.ts";
import type { later as laterEn } from "../en/later.ts";
import type { list as listEn } from "../en/list.ts";
import type { notices as noticesEn } from "../en/notices.ts";
import type { passkeys as passkeysEn } from "../en/passkeys.ts";
import type { screens as screensEn } from "../en/screens.ts";
import { app } from "./app.ts";
import { chat } from "./chat.ts";
import { devices } from "./devices.ts";
import { errors } from "./errors.ts";
import { later } from "./later.ts";
import { list } from "./list.ts";
import { notices } from "./notices.ts";
import { passkeys } from "./passkeys.ts";
import { screens } from "./screens.ts";

export const zh = { ...app, ...chat, ...errors, ...later, ...list, ...notices, ...screens, ...devices, ...passkeys } satisfies CatalogOf<
  typeof en & typeof laterEn & typeof listEn & typeof screensEn & typeof noticesEn & typeof devicesEn & typeof passkeysEn
>;
