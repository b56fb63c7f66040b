/**
 * Is this key part of writing with an input method? WebKit ends the composition before it tells of the Enter that ended it, so `isComposing` is
 * false by then; key code 229 is how every engine marks a key that the input method took (UI Events, "Legacy key models").
 */
export const isComposing = (event: Pick<KeyboardEvent, "isComposing" | "keyCode">): boolean => event.isComposing || event.keyCode === 229;
