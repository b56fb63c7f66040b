/** Where a menu goes: at the bottom on a phone (the style sheet does that), beside its button on a desk, never outside the window. */
import { DESK_WIDTH } from "../ground/desk-width.ts";

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}
export interface Size {
  width: number;
  height: number;
}

const GAP = 4;
const MARGIN = 8;

export function placeMenu(button: Box, menu: Size, view: Size): { left: string; top: string; right: string; bottom: string } {
  if (view.width < DESK_WIDTH) return { left: "", top: "", right: "", bottom: "" };
  const below = view.height - button.bottom - GAP - MARGIN;
  const opensUp = below < menu.height && button.top > below;
  const left = Math.max(MARGIN, Math.min(button.left, view.width - menu.width - MARGIN));
  return {
    left: `${left}px`,
    right: "auto",
    top: opensUp ? "auto" : `${button.bottom + GAP}px`,
    bottom: opensUp ? `${view.height - button.top + GAP}px` : "auto",
  };
}
