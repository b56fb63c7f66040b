/** The computers HAPI runs on: whether they can be reached, what runs there, and a way to start something. */
import "../../i18n/screens.ts";
import type { Machine } from "@hapi/protocol";
import { useMemo } from "react";
import { go } from "../../ground/go.ts";
import { Screen } from "../screen/screen.tsx";
import { useT } from "../../i18n/index.ts";
import { useHub, useMachines, useSessions } from "../../sync/store.ts";
import { IconButton } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { RelativeTime } from "../../ui/relative-time.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { StatusLabel } from "../../ui/status-glyph.tsx";
import { machineName } from "../../i18n/names.model.ts";
import { useSettledRows } from "../sessions/settled-rows.ts";
import { machineCards, platformName } from "./machines.model.ts";

export function MachinesScreen() {
  const t = useT();
  const machines = useMachines();
  const sessions = useSessions();
  const loading = useHub((state) => !state.listed);
  const fresh = useMemo(
    () => machineCards(Object.values(machines), sessions).map((card) => ({ key: card.machine.id, ...card })),
    [machines, sessions],
  );
  const { rows: cards, touch } = useSettledRows(fresh);
  return (
    <Screen title={t("machines.title")}>
      {loading && <Skeleton />}
      {!loading && cards.length === 0 && <EmptyState icon="machine" title={t("machines.empty")} hint={t("machines.empty.hint")} />}
      {cards.length > 0 && (
        <ul
          onPointerMove={touch}
          onPointerDown={touch}
          className="divide-y divide-line overflow-hidden rounded-card border border-line bg-raised"
        >
          {cards.map((card) => (
            <li key={card.machine.id}>
              <MachineRow machine={card.machine} total={card.total} active={card.active} />
            </li>
          ))}
        </ul>
      )}
    </Screen>
  );
}

function MachineRow({ machine, total, active }: { machine: Machine; total: number; active: number }) {
  const t = useT();
  const silence = useHub((state) => state.silence);
  const name = machineName(machine) ?? machine.id.slice(0, 8);
  const facts = [
    platformName(machine.metadata?.platform),
    machine.metadata ? t("machines.version", { version: machine.metadata.happyCliVersion }) : null,
    total > 0 ? t("machines.sessions", { count: total }) : null,
    active > 0 ? t("machines.active", { count: active }) : null,
  ].filter(Boolean);
  return (
    <div className="flex items-center gap-3 py-3 ps-4 pe-2">
      <div className="min-w-0 flex-1">
        <div className="flex min-w-0 flex-wrap items-baseline gap-x-3">
          <h2 dir="auto" className="min-w-0 truncate text-start font-strong">
            {name}
          </h2>
          {silence !== null ? (
            // what was so when the hub was heard last is not known to be so now
            <StatusLabel status="offline">
              {t("status.lastHeard")} <RelativeTime at={machine.active ? (silence.since ?? machine.activeAt) : machine.activeAt} />
            </StatusLabel>
          ) : machine.active ? (
            <StatusLabel status="done">{t("machines.online")}</StatusLabel>
          ) : (
            <StatusLabel status="offline">
              {t("status.offline")} · <RelativeTime at={machine.activeAt} />
            </StatusLabel>
          )}
        </div>
        <p className="text-small text-quiet">{facts.join(" · ")}</p>
      </div>
      <IconButton
        icon="plus"
        label={t("machines.start", { name })}
        disabled={!machine.active || silence !== null}
        onClick={() => go.newSession({ machine: machine.id })}
      />
    </div>
  );
}
