/** Walks the machine's directories. What can't be listed says why, and leaves a way back. */
import { useEffect, useState } from "react";
import { errorText } from "../../i18n/error-words.ts";
import { useT } from "../../i18n/index.ts";
import type { DirectoryEntry } from "@hapi/client";
import { machineActions } from "../../sync/machine-actions.ts";
import { Button } from "../../ui/button.tsx";
import { Icon } from "../../ui/icons.tsx";
import { PathText } from "../../ui/path-text.tsx";
import { Sheet } from "../../ui/sheet.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { childOf, parentOf } from "./new-session.model.ts";

type Listing = { kind: "loading" } | { kind: "ready"; names: readonly DirectoryEntry[] } | { kind: "failed"; reason: string };

interface BrowserProps {
  machineId: string;
  start: string;
  onClose: () => void;
  onChoose: (path: string) => void;
}

const ROW = "flex target w-full items-center gap-2.5 rounded-control px-2 text-start hover:bg-hover focus-visible:-outline-offset-2";

export function DirectoryBrowser({ machineId, start, onClose, onChoose }: BrowserProps) {
  const t = useT();
  const [path, setPath] = useState(start);
  const [listing, setListing] = useState<Listing>({ kind: "loading" });
  useEffect(() => {
    let current = true;
    setListing({ kind: "loading" });
    machineActions.listDirectories(machineId, path).then(
      (entries) => current && setListing({ kind: "ready", names: entries }),
      (error: unknown) => current && setListing({ kind: "failed", reason: errorText(error) }),
    );
    return () => {
      current = false;
    };
  }, [machineId, path]);
  const parent = parentOf(path);
  return (
    <Sheet
      open
      title={t("new.browse.title")}
      onClose={onClose}
      footer={
        <>
          <PathText path={path} className="flex-1 self-center font-mono text-small text-quiet" />
          <Button tone="primary" onClick={() => onChoose(path)}>
            {t("new.browse.choose")}
          </Button>
        </>
      }
    >
      <ul className="min-h-60">
        {parent !== null && (
          <li>
            <button type="button" className={ROW} onClick={() => setPath(parent)}>
              <Icon name="chevronLeft" className="text-quiet" />
              {t("new.browse.up")}
            </button>
          </li>
        )}
        {listing.kind === "ready" &&
          listing.names.map((entry) => (
            <li key={entry.name}>
              <button type="button" className={ROW} onClick={() => setPath(childOf(path, entry.name))}>
                <Icon name="folder" className="text-quiet" />
                <span className="min-w-0 truncate">{entry.name}</span>
                {entry.isGitRepo && <span className="ms-auto text-small text-quiet">git</span>}
              </button>
            </li>
          ))}
      </ul>
      {listing.kind === "loading" && <Skeleton lines={3} />}
      {listing.kind === "ready" && listing.names.length === 0 && <p className="px-2 text-quiet">{t("new.browse.empty")}</p>}
      {listing.kind === "failed" && (
        <p role="alert" className="px-2 text-failed">
          {t("new.browse.failed", { reason: listing.reason })}
        </p>
      )}
    </Sheet>
  );
}
