/** A picture that opens as large as the screen. The viewer's code comes with the first that is opened. */
import { useState } from "react";
import { part } from "./part.tsx";
import { source } from "../ground/source.ts";
import { useT } from "../i18n/index.ts";
import { cx } from "./cx.ts";

const Viewer = part(
  source(() => import("./picture-viewer.tsx")),
  ({ PictureViewer }) => PictureViewer,
  { late: "toast" },
);

export function OpenablePicture({
  src,
  name,
  className,
  load,
}: {
  src: string;
  name: string;
  className: string;
  load?: () => Promise<string | null>;
}) {
  const t = useT();
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        aria-label={t("ui.openPicture", { name })}
        onClick={() => setOpen(true)}
        className="target cursor-zoom-in self-start rounded-card"
      >
        <img src={src} alt="" className={cx("rounded-card", className)} />
      </button>
      {open && <Viewer src={src} name={name} load={load} onClose={() => setOpen(false)} />}
    </>
  );
}
