/**
 * Choices and details on the native <dialog>: from below on a phone, in the middle on a desk. Focus, Escape and the inert page behind come
 * from the browser. The content mounts when it opens, so a closed sheet costs nothing.
 */
import "../i18n/list.ts";
import { useEffect, useId, useRef, type ReactNode } from "react";
import { useT } from "../i18n/index.ts";
import { IconButton } from "./button.tsx";

export function Sheet({
  open,
  onClose,
  title,
  children,
  footer,
}: {
  open: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  footer?: ReactNode;
}) {
  const t = useT();
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);

  useEffect(() => {
    const node = dialog.current;
    if (!node || !open) return;
    node.showModal();
    return () => node.close();
  }, [open]);
  // a tap beside the sheet lands on the dialog itself
  useEffect(() => {
    const node = dialog.current;
    if (!node || !open) return;
    const onTap = (event: MouseEvent) => event.target === node && onClose();
    node.addEventListener("click", onTap);
    return () => node.removeEventListener("click", onTap);
  }, [open, onClose]);

  if (!open) return null;
  return (
    <dialog
      ref={dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      className="m-0 mt-auto flex max-h-[90dvh] w-full max-w-full animate-rise flex-col rounded-t-card border border-line bg-raised p-0 text-ink shadow-sheet backdrop:bg-scrim desk:m-auto desk:max-h-[80dvh] desk:w-[560px] desk:rounded-card"
    >
      <header className="flex items-center gap-2 border-b border-line py-1 ps-4 pe-1">
        <h2 id={id} dir="auto" className="min-w-0 flex-1 truncate font-strong">
          {title}
        </h2>
        <IconButton icon="close" label={t("action.close")} onClick={onClose} />
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto overscroll-contain p-4">{children}</div>
      {footer && <footer className="flex flex-wrap justify-end gap-2 border-t border-line p-3">{footer}</footer>}
      <div className="safe-bottom" />
    </dialog>
  );
}
