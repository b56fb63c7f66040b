/** When to send: opened from the "+" menu and from the line above the field. */
import { part } from "../../../ui/part.tsx";
import { source } from "../../../ground/source.ts";

export const ScheduleSheet = part(
  source(() => import("./schedule-sheet.tsx")),
  (module) => module.ScheduleSheet,
  { late: "toast" },
);
