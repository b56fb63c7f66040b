/** Opens the palette or the sheet of shortcuts from anywhere (settings, empty states). */
export type Overlay = "palette" | "shortcuts";

let open: ((overlay: Overlay) => void) | null = null;

export function registerOverlays(handler: (overlay: Overlay) => void): () => void {
  open = handler;
  return () => {
    if (open === handler) open = null;
  };
}

export const showOverlay = (overlay: Overlay): void => open?.(overlay);
