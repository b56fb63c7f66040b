/**
 * Our own small icon set: 16 × 16, one stroke of 1.5, current colour. Icons are always decoration (`aria-hidden`): the control around
 * them carries the name.
 */
const PATHS = {
  send: "M8 13V3M3.5 7.5 8 3l4.5 4.5",
  stop: "M4.5 4.5h7v7h-7z",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  close: "m4 4 8 8M12 4l-8 8",
  checks: "m1.5 8.5 3 3 6-6.5M8 11l.5.5 6-6.5",
  steer: "M3 3v4.5a2 2 0 0 0 2 2h8M10 6.5l3 3-3 3",
  check: "m3 8.5 3.2 3.2L13 4.8",
  chevronRight: "m6 3.5 4.5 4.5L6 12.5",
  chevronDown: "m3.5 6 4.5 4.5L12.5 6",
  chevronLeft: "M10 3.5 5.5 8l4.5 4.5",
  arrowDown: "M8 3v10M3.5 8.5 8 13l4.5-4.5",
  terminal: "m3 4.5 3.5 3.5L3 11.5M8.5 11.5H13",
  file: "M4 2.5h5l3 3v8H4zM9 2.5v3h3",
  edit: "m3 13 .6-2.8L11 2.8l2.2 2.2-7.4 7.4L3 13Z",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.5 10.5 13.5 13.5",
  globe: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM2 8h12M8 2c1.8 1.7 2.7 3.7 2.7 6S9.8 12.3 8 14C6.2 12.3 5.3 10.3 5.3 8S6.2 3.7 8 2Z",
  list: "M6 4h7.5M6 8h7.5M6 12h7.5M2.7 4h.1M2.7 8h.1M2.7 12h.1",
  bot: "M4 5.5h8a1.5 1.5 0 0 1 1.5 1.5v5a1.5 1.5 0 0 1-1.5 1.5H4A1.5 1.5 0 0 1 2.5 12V7A1.5 1.5 0 0 1 4 5.5ZM8 2.5v3M6 9v1M10 9v1",
  plan: "M3 3h10v10H3zM5.5 6h5M5.5 8.5h5M5.5 11h2.5",
  question: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM6.3 6.4c.1-2.3 3.5-2.2 3.4-.1 0 1.4-1.7 1.4-1.7 2.7M8 11.2v.1",
  thought: "M8 2.5a4 4 0 0 0-2.4 7.2c.5.4.7.8.7 1.3h3.4c0-.5.2-.9.7-1.3A4 4 0 0 0 8 2.5ZM6.5 13.5h3",
  tool: "M10.2 2.7a3.3 3.3 0 0 0-3 4.7L2.8 11.8l1.4 1.4 4.4-4.4a3.3 3.3 0 0 0 4.5-3.9l-2 2-1.9-.500-.5-1.9 2-2a3.3 3.3 0 0 0-.5 0Z",
  image: "M2.5 3.5h11v9h-11zM2.5 10.5l3-3 3 3 2-2 3 3M10.5 6.3h.1",
  clip: "m12.5 7.5-5 5a3 3 0 0 1-4.2-4.2l5.3-5.3a2 2 0 0 1 2.8 2.8l-5.2 5.2a1 1 0 0 1-1.4-1.4l4.7-4.7",
  more: "M3.5 8h.1M8 8h.1M12.5 8h.1",
  info: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 7.5v3.3M8 5.2v.1",
  warning: "M8 2.5 14 13H2L8 2.5ZM8 6.5v3M8 11.2v.1",
  retry: "M13 4v3.5H9.5M12.7 7.5A5 5 0 1 0 12.5 10",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 4.5V8l2.5 1.5",
  phone: "M5 2h6v12H5zM7.5 12h1",
  swap: "M3 5.5h9.5M10 3l2.5 2.5L10 8M13 10.5H3.5M6 8l-2.5 2.5L6 13",
  trash: "M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.5 9h6l.5-9",
  bell: "M4 11V7.5a4 4 0 0 1 8 0V11l1 1.5H3L4 11ZM6.8 14h2.4",
  machine: "M2.5 3.5h11v7h-11zM5.5 13h5M8 10.5V13",
  settings: "M8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM8 2v1.8M8 12.2V14M2 8h1.8M12.2 8H14M3.8 3.8 5 5M11 11l1.2 1.2M12.2 3.8 11 5M5 11l-1.2 1.2",
  lock: "M4 7.5h8v6H4zM5.5 7.5V5.3a2.5 2.5 0 0 1 5 0v2.2",
  diff: "M8 2.5v6M5 5.5h6M5 12h6",
  folder: "M2.5 4h4l1.5 1.5h5.5v7h-11z",
  pin: "M6 2.5h4l-.5 4 2 2.5h-7l2-2.5-.5-4ZM8 9v4.5",
  slash: "M10.5 2.5l-5 11",
} as const;

export type IconName = keyof typeof PATHS;
export const ICON_NAMES = Object.keys(PATHS) as IconName[];

const FILLED: ReadonlySet<IconName> = new Set(["stop"]);
/** Strokes of zero length are dots: they need more weight than lines. */
const DOTTED: ReadonlySet<IconName> = new Set(["more"]);

export function Icon({ name, size = 16, className }: { name: IconName; size?: number; className?: string }) {
  return (
    <svg
      viewBox="0 0 16 16"
      width={size}
      height={size}
      fill={FILLED.has(name) ? "currentColor" : "none"}
      stroke="currentColor"
      strokeWidth={DOTTED.has(name) ? 2 : 1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      className={className ? `shrink-0 ${className}` : "shrink-0"}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
