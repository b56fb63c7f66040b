/** Machines in the order a person looks for them, with what runs on each. Pure. */
import type { Machine, SessionSummary } from "@hapi/protocol";
import { machineName } from "../../i18n/names.model.ts";

export interface MachineCard {
  machine: Machine;
  total: number;
  active: number;
}

export function machineCards(machines: Iterable<Machine>, sessions: Iterable<SessionSummary>): MachineCard[] {
  const counts = new Map<string, { total: number; active: number }>();
  for (const summary of sessions) {
    const id = summary.metadata?.machineId ?? "";
    const count = counts.get(id) ?? { total: 0, active: 0 };
    counts.set(id, { total: count.total + 1, active: count.active + (summary.active ? 1 : 0) });
  }
  return [...machines]
    .map((machine) => ({ machine, ...(counts.get(machine.id) ?? { total: 0, active: 0 }) }))
    .sort(
      (a, b) =>
        Number(b.machine.active) - Number(a.machine.active) ||
        b.active - a.active ||
        (machineName(a.machine) ?? a.machine.id).localeCompare(machineName(b.machine) ?? b.machine.id),
    );
}

const PLATFORMS: Record<string, string> = { darwin: "macOS", linux: "Linux", win32: "Windows", freebsd: "FreeBSD" };
export const platformName = (platform: string | undefined): string | null => (platform ? (PLATFORMS[platform] ?? platform) : null);
