/** When to send: opened from the "+" menu and from the line above the field. */
import { part } from "../../../app/part.tsx";
import { source } from "../../../app/source.ts";

export const ScheduleSheet = part(
  source(() => import("./schedule-sheet.tsx")),
  (module) => module.ScheduleSheet,
  { late: "toast" },
);
