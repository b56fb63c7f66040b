/** The directory: typed, picked from the recent ones, or browsed. Whether it exists is asked from the machine while typing pauses. */
import type { Machine } from "@hapi/protocol";
import { useEffect, useState } from "react";
import { part } from "../../ui/part.tsx";
import { source } from "../../ground/source.ts";
import { useT } from "../../i18n/index.ts";
import { machineActions } from "../../sync/machine-actions.ts";
import { useSessions } from "../../sync/store.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { PathText } from "../../ui/path-text.tsx";
import { machineName, shortPath } from "../../i18n/names.model.ts";
import { fullPath, isAbsolute, recentDirectories } from "./new-session.model.ts";

const DirectoryBrowser = part(
  source(() => import("./directory-browser.tsx")),
  (module) => module.DirectoryBrowser,
  { late: "toast" },
);

type Existence = "unknown" | "checking" | "there" | "missing";
const PAUSE_MS = 350;

function useExistence(machineId: string, path: string): Existence {
  const [known, setKnown] = useState<{ path: string; state: Existence }>({ path: "", state: "unknown" });
  useEffect(() => {
    if (machineId === "" || !isAbsolute(path)) return;
    let current = true;
    const timer = setTimeout(() => {
      setKnown({ path, state: "checking" });
      machineActions.directoryExists(machineId, path).then(
        (exists) => current && setKnown({ path, state: exists ? "there" : "missing" }),
        // the machine can't say: then nothing is claimed, and starting will tell
        () => current && setKnown({ path, state: "unknown" }),
      );
    }, PAUSE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [machineId, path]);
  return known.path === path ? known.state : "unknown";
}

interface DirectoryFieldProps {
  machine: Machine | undefined;
  value: string;
  onChange: (value: string) => void;
}

export function DirectoryField({ machine, value, onChange }: DirectoryFieldProps) {
  const t = useT();
  const sessions = useSessions();
  const [browsing, setBrowsing] = useState(false);
  const home = machine?.metadata?.homeDir;
  const machineId = machine?.id ?? "";
  const path = fullPath(value, home);
  const existence = useExistence(machineId, path);
  const recent = recentDirectories(sessions, machineId).filter((candidate) => candidate !== path);
  const hints: Record<Existence, string | undefined> = {
    unknown: undefined,
    checking: t("new.directory.checking"),
    there: t("new.directory.found"),
    missing: t("new.directory.missing", { machine: machineName(machine) ?? machineId }),
  };
  return (
    <div className="flex flex-col gap-2">
      <div className="flex items-start gap-2">
        <div className="min-w-0 flex-1">
          <Field
            label={t("new.directory")}
            value={value}
            dir="ltr"
            hint={hints[existence] ?? "\u00a0"}
            placeholder={t("new.directory.placeholder")}
            autoCapitalize="none"
            autoComplete="off"
            spellCheck={false}
            className="font-mono"
            onChange={(event) => onChange(event.target.value)}
          />
        </div>
        <Button icon="folder" className="mt-[calc(var(--line-small)+4px)]" onClick={() => setBrowsing(true)}>
          {t("new.directory.browse")}
        </Button>
      </div>
      {recent.length > 0 && (
        <div className="-mt-1 flex flex-wrap items-center gap-2" role="group" aria-label={t("new.directory.recent")}>
          {recent.map((candidate) => (
            <button
              key={candidate}
              type="button"
              onClick={() => onChange(candidate)}
              className="inline-flex target max-w-full items-center rounded-full border border-line px-3 font-mono text-small text-quiet hover:bg-hover"
            >
              <PathText path={shortPath(candidate, home)} />
            </button>
          ))}
        </div>
      )}
      {browsing && (
        <DirectoryBrowser
          machineId={machineId}
          start={path || home || "/"}
          onClose={() => setBrowsing(false)}
          onChoose={(chosen) => {
            onChange(chosen);
            setBrowsing(false);
          }}
        />
      )}
    </div>
  );
}
