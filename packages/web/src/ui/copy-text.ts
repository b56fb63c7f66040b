/**
 * Text into the clipboard, also where the browser has no clipboard for pages: it offers one only over https and on the own machine, and a hub in the
 * home network is reached over plain http. There the old way works: select, and copy the selection.
 */

/** False: it could not be copied. `near` is an element beside which the page may be written: in a modal sheet only what lies in it can be selected. */
export async function copyText(text: string, near: Element | null = null): Promise<boolean> {
  try {
    if (typeof navigator.clipboard?.writeText === "function") {
      await navigator.clipboard.writeText(text);
      return true;
    }
  } catch {
    // Refused (no permission, no focus): the other way may still be open.
  }
  return copyBySelection(text, near?.closest("dialog, [role=dialog]") ?? document.body);
}

function copyBySelection(text: string, place: Element): boolean {
  const focused = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.readOnly = true;
  field.setAttribute("aria-hidden", "true");
  // In view, so that nothing scrolls; without size, so that nobody sees it. 16px: below, phones zoom in on a field.
  field.style.cssText = "position:fixed;inset-block-start:0;inset-inline-start:0;opacity:0;pointer-events:none;font-size:16px";
  place.append(field);
  try {
    field.select();
    field.setSelectionRange(0, text.length);
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    field.remove();
    if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  }
}
