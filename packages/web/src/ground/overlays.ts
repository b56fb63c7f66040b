/** Opens the palette or the sheet of shortcuts from anywhere (settings, empty states). */
export type Overlay = "palette" | "shortcuts";

let open: ((overlay: Overlay) => void) | null = null;
/** Asked for before anybody could show it. */
let asked: Overlay | null = null;

export function registerOverlays(handler: (overlay: Overlay) => void): () => void {
  open = handler;
  if (asked) handler(asked);
  asked = null;
  return () => {
    if (open === handler) open = null;
  };
}

export function showOverlay(overlay: Overlay): void {
  if (open) open(overlay);
  else asked = overlay;
}
