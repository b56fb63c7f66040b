/** Who came in with a new device, and who tried to and failed. */
import type { SignInNotice } from "@hapi/protocol/credentials";
import { useState } from "react";
import { useT } from "../../../i18n/index.ts";
import { Button } from "../../../ui/button.tsx";
import { Icon } from "../../../ui/icons.tsx";
import { RelativeTime } from "../../../ui/relative-time.tsx";
import { Group } from "../../screen/screen.tsx";
import { placeOf, signInWords } from "./devices.model.ts";

/** Beyond these a person asks for more. */
const SHOWN = 4;

export function Notices({ notices }: { notices: readonly SignInNotice[] }) {
  const t = useT();
  const [all, setAll] = useState(false);
  if (notices.length === 0) return null;
  return (
    <Group title={t("devices.notices")}>
      <ul className="divide-y divide-line">
        {(all ? notices : notices.slice(0, SHOWN)).map((notice) => (
          <li key={`${notice.kind} ${notice.from} ${notice.at}`} className="flex items-start gap-3 px-4 py-2">
            <Icon
              name={notice.kind === "failed" ? "warning" : "phone"}
              className={notice.kind === "failed" ? "mt-1 shrink-0 text-failed" : "mt-1 shrink-0 text-quiet"}
            />
            <div className="min-w-0 flex-1">
              <p className="wrap-any">{signInWords(notice, t)}</p>
              <p className="text-small wrap-any text-quiet">
                <RelativeTime at={notice.at} /> · <bdi>{placeOf(notice.from, t)}</bdi>
              </p>
            </div>
          </li>
        ))}
      </ul>
      {!all && notices.length > SHOWN && (
        <Button tone="quiet" className="w-full justify-start! text-accent!" onClick={() => setAll(true)}>
          {t("devices.notices.more", { count: notices.length - SHOWN })}
        </Button>
      )}
    </Group>
  );
}
