/** Sign and word of a session, and of what is old how old it is. */
import type { SessionStatus } from "@hapi/core";
import { useT } from "../../i18n/index.ts";
import { RelativeTime } from "../../ui/relative-time.tsx";
import { StatusLabel } from "../../ui/status-glyph.tsx";
import { signOf, statusText } from "./status.model.ts";

export function StatusWord({ status }: { status: SessionStatus }) {
  const t = useT();
  return (
    <StatusLabel status={signOf(status)}>
      {statusText(status, t)}
      {status.asOf !== null && (
        <span className="text-quiet">
          {" · "}
          {t("status.lastHeard")} <RelativeTime at={status.asOf} />
        </span>
      )}
    </StatusLabel>
  );
}
