/** Files that go with the next prompt: preview, progress, what went wrong, remove. */
import { useEffect, useState } from "react";
import { useT } from "../../../i18n/index.ts";
import { Icon } from "../../../ui/icons.tsx";
import { cx } from "../../../ui/cx.ts";
import { PathText } from "../../../ui/path-text.tsx";
import type { DraftFile } from "../../../sync/port.ts";
import type { UploadState } from "./use-uploads.ts";

interface ChipsProps {
  files: readonly DraftFile[];
  states: Readonly<Record<string, UploadState>>;
  onRemove: (file: DraftFile) => void;
  onRetry: (file: DraftFile) => void;
}

export function FileChips({ files, states, onRemove, onRetry }: ChipsProps) {
  const t = useT();
  if (files.length === 0) return null;
  return (
    <ul aria-label={t("composer.files")} className="flex gap-2 overflow-x-auto px-1 pb-2">
      {files.map((file) => (
        <Chip key={file.id} file={file} state={states[file.id] ?? null} onRemove={() => onRemove(file)} onRetry={() => onRetry(file)} />
      ))}
    </ul>
  );
}

function Chip({
  file,
  state,
  onRemove,
  onRetry,
}: {
  file: DraftFile;
  state: UploadState | null;
  onRemove: () => void;
  onRetry: () => void;
}) {
  const t = useT();
  const preview = usePreview(file);
  const [unreadable, setUnreadable] = useState(false);
  const failed = state?.kind === "failed";
  return (
    <li
      className={cx(
        "flex max-w-64 shrink-0 items-center gap-2 rounded-control border ps-1.5",
        failed ? "border-failed bg-failed-wash" : "border-line bg-raised",
      )}
    >
      {preview && !unreadable ? (
        <img src={preview} alt="" onError={() => setUnreadable(true)} className="size-9 rounded-[4px] object-cover" />
      ) : (
        <Icon name="file" className="mx-1 text-quiet" />
      )}
      <span className="min-w-0 py-1">
        <PathText path={file.filename} className="text-small" />
        {state?.kind === "running" && (
          <span
            role="progressbar"
            aria-label={t("composer.uploading", { name: file.filename })}
            aria-valuenow={Math.round(state.share * 100)}
            className="mt-1 block h-1 w-24 overflow-hidden rounded-full bg-pressed"
          >
            <span className="block h-full rounded-full bg-working" style={{ width: `${Math.max(5, state.share * 100)}%` }} />
          </span>
        )}
        {failed && (
          <button type="button" onClick={onRetry} className="block max-w-full truncate text-start text-small text-failed underline">
            {t("composer.uploadFailed", { reason: state.reason })}
          </button>
        )}
      </span>
      <button
        type="button"
        aria-label={t("composer.removeFile", { name: file.filename })}
        onClick={onRemove}
        className="flex target-square items-center justify-center text-quiet hover:text-ink"
      >
        <Icon name="close" size={14} />
      </button>
    </li>
  );
}

/** An address for the picture while it is shown; given back afterwards. */
function usePreview(file: DraftFile): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (!/^image\/(?:png|jpe?g|gif|webp|avif)$/.test(file.mimeType) || file.content.size === 0) return;
    const made = URL.createObjectURL(file.content);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return url ?? (file.uploaded?.previewUrl?.startsWith("data:image/") ? file.uploaded.previewUrl : null);
}
