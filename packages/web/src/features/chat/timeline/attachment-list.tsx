/** Files that went with a prompt; pictures by their small copy. */
import { useCallback } from "react";
import type { Attachment } from "@hapi/protocol";
import { useT } from "../../../i18n/index.ts";
import { Icon } from "../../../ui/icons.tsx";
import { OpenablePicture } from "../../../ui/openable-picture.tsx";
import { PathText } from "../../../ui/path-text.tsx";
import { usePort } from "../chat-context.tsx";

export function AttachmentList({ attachments }: { attachments: readonly Attachment[] }) {
  const t = useT();
  return (
    <ul aria-label={t("chat.attachments")} className="flex flex-wrap gap-2 pb-1.5">
      {attachments.map((file) => (
        <li key={file.id} className="flex items-center gap-1.5 rounded-control border border-line bg-raised px-2 py-1 text-small">
          {file.previewUrl?.startsWith("data:image/") ? (
            <SentPicture file={file} src={file.previewUrl} />
          ) : (
            <Icon name={file.mimeType.startsWith("image/") ? "image" : "file"} className="text-quiet" />
          )}
          <PathText path={file.filename} className="max-w-[24ch]" />
        </li>
      ))}
    </ul>
  );
}

/** Its small copy is with the prompt, the picture itself with the machine. */
function SentPicture({ file, src }: { file: Attachment; src: string }) {
  const { actions } = usePort();
  const load = useCallback(() => actions.picture(file), [actions, file]);
  return <OpenablePicture src={src} name={file.filename} load={load} className="size-10 object-cover" />;
}
