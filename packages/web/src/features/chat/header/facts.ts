/** One file to fetch for what the header says beside title and status. */
import "../../../i18n/later.ts";
export { ContextGauge } from "./context-gauge.tsx";
export { Cure } from "./cure.tsx";
export { ModeBadge } from "./mode-badge.tsx";
