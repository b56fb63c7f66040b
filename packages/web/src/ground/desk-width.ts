/** From this width on, in CSS pixels, it is a desk; below, a phone. The style sheet's `desk:` says the same. */
export const DESK_WIDTH = 900;
