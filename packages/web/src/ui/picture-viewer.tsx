/**
 * One picture as large as the screen, or larger: on the native <dialog>, so that Escape and a phone's back close it and focus returns. It scrolls
 * when it is larger, and fingers zoom as everywhere.
 */
import "../i18n/list.ts";
import "../i18n/later.ts";
import { useEffect, useRef, useState } from "react";
import { useT } from "../i18n/index.ts";
import { IconButton } from "./button.tsx";

const SIZES = [1, 2, 4] as const;

export interface PictureViewerProps {
  src: string;
  name: string;
  /** Asks for the picture itself where `src` is only a small copy; null: it can't be had now. */
  load?: () => Promise<string | null>;
  onClose: () => void;
}

export function PictureViewer({ src, name, load, onClose }: PictureViewerProps) {
  const t = useT();
  const dialog = useRef<HTMLDialogElement>(null);
  const [whole, setWhole] = useState<string | null>(null);
  const [size, setSize] = useState(0);
  useEffect(() => {
    const node = dialog.current;
    node?.showModal();
    return () => node?.close();
  }, []);
  useEffect(() => {
    let alive = true;
    void load?.().then((found) => alive && setWhole(found));
    return () => {
      alive = false;
    };
  }, [load]);
  const zoom = SIZES[size] ?? 1;
  return (
    <dialog
      ref={dialog}
      aria-label={name}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      className="m-0 flex h-dvh max-h-none w-full max-w-none flex-col border-0 bg-ground p-0 text-ink"
    >
      <header className="flex items-center gap-1 border-b border-line ps-4 pe-1 pt-[env(safe-area-inset-top,0px)]">
        <h2 dir="auto" className="min-w-0 flex-1 truncate font-strong">
          {name}
        </h2>
        <IconButton icon="minus" label={t("picture.smaller")} disabled={size === 0} onClick={() => setSize(size - 1)} />
        <IconButton icon="plus" label={t("picture.larger")} disabled={size === SIZES.length - 1} onClick={() => setSize(size + 1)} />
        <IconButton icon="close" label={t("action.close")} onClick={onClose} />
      </header>
      {/* a region that scrolls is reached by keyboard */}
      <div tabIndex={0} role="group" aria-label={name} className="min-h-0 flex-1 overflow-auto overscroll-contain">
        <div className="flex items-center justify-center" style={{ width: `${zoom * 100}%`, height: `${zoom * 100}%` }}>
          <img src={whole ?? src} alt={name} className="h-full w-full object-contain" />
        </div>
      </div>
    </dialog>
  );
}
