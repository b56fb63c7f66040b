/**
 * Listens to the keyboard for the whole app and holds what opens over it: the palette, the sheet of shortcuts, and the hub's question whether it is
 * really this person; all are loaded when first asked for.
 */
import { useEffect, useRef, useState } from "react";
import { listNavigation } from "../features/sessions/list-navigation.ts";
import { isComposing } from "../ground/composing.ts";
import { go } from "../ground/go.ts";
import { pressed, type Command, type KeyState } from "../ground/keys.model.ts";
import { registerOverlays, type Overlay } from "../ground/overlays.ts";
import { part } from "../ui/part.tsx";
import { toggleList } from "../ground/preferences.ts";
import { source } from "../ground/source.ts";
import { useHub } from "../sync/store.ts";

const Palette = part(
  source(() => import("../features/palette/palette.tsx")),
  ({ Palette }) => Palette,
  { late: "toast" },
);
const ShortcutSheet = part(
  source(() => import("../features/palette/shortcut-sheet.tsx")),
  ({ ShortcutSheet }) => ShortcutSheet,
  { late: "toast" },
);

const ProveSheet = part(
  source(() => import("../features/passkeys/prove-sheet.tsx")),
  ({ ProveSheet }) => ProveSheet,
  { late: "toast" },
);

const TEXT_FIELDS = "input, textarea, select, [contenteditable]:not([contenteditable=false])";

export function CommandLayer() {
  const [overlay, setOverlay] = useState<Overlay | null>(null);
  const isProving = useHub((state) => state.proving.length > 0);
  const keys = useRef<KeyState>({ goAt: null });

  useEffect(() => registerOverlays(setOverlay), []);
  useEffect(() => {
    const run: Record<Command, () => void> = {
      next: () => listNavigation()?.move(1),
      previous: () => listNavigation()?.move(-1),
      search: () => listNavigation()?.focusSearch(),
      palette: () => setOverlay("palette"),
      help: () => setOverlay("shortcuts"),
      new: () => go.newSession(),
      inbox: go.inbox,
      sessions: go.sessions,
      machines: go.machines,
      settings: go.settings,
      list: toggleList,
      leave: () => {
        if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
      },
    };
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || isComposing(event)) return;
      const target = event.target instanceof Element ? event.target : null;
      const result = pressed(
        keys.current,
        {
          key: event.key,
          ctrl: event.ctrlKey,
          meta: event.metaKey,
          alt: event.altKey,
          typing: target?.closest(TEXT_FIELDS) != null,
          blocked: document.querySelector("dialog[open], [popover]:popover-open") !== null,
        },
        performance.now(),
      );
      keys.current = result.state;
      if (!result.command) return;
      event.preventDefault();
      run[result.command]();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);

  const close = (): void => setOverlay(null);
  return (
    <>
      {overlay === "palette" && <Palette onClose={close} />}
      {overlay === "shortcuts" && <ShortcutSheet onClose={close} />}
      {isProving && <ProveSheet />}
    </>
  );
}
