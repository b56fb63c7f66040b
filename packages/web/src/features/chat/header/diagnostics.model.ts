/** What the diagnostics say, as rows for people: which conversation was there, which one is used, how it was started, what failed last. */
import type { LossCount, SessionDiagnostics } from "@hapi/protocol";
import { codeText } from "../../../i18n/error-words.ts";
import type { Translate } from "../../../i18n/index.ts";

export type DiagnosticKey =
  | "diagnostics.available"
  | "diagnostics.used"
  | "diagnostics.how"
  | "diagnostics.host"
  | "diagnostics.launch"
  | "diagnostics.inForce"
  | "diagnostics.args"
  | "diagnostics.environment"
  | "diagnostics.missing"
  | "diagnostics.changed"
  | "diagnostics.differs"
  | "diagnostics.failure"
  | "diagnostics.unknown"
  | "diagnostics.losses"
  | "diagnostics.source";

export interface Diagnostic {
  key: DiagnosticKey;
  value: string;
}

const HOW = { new: "diagnostics.how.new", resume: "diagnostics.how.resume", fork: "diagnostics.how.fork" } as const;

const LOSSES = {
  record_missing: "diagnostics.loss.recordMissing",
  record_silent: "diagnostics.loss.recordSilent",
  record_unreadable: "diagnostics.loss.recordUnreadable",
  turn_empty: "diagnostics.loss.turnEmpty",
  rows_outside_turn: "diagnostics.loss.rowsOutsideTurn",
  tool_unended: "diagnostics.loss.toolUnended",
  output_lost: "diagnostics.loss.outputLost",
  output_silent: "diagnostics.loss.outputSilent",
  hooks_silent: "diagnostics.loss.hooksSilent",
} as const;

const isKnownLoss = (kind: string): kind is keyof typeof LOSSES => Object.hasOwn(LOSSES, kind);

/** The latest one's details in the agent's own terms: they are for whoever looks for the fault. */
function lossText({ kind, count, lastAt, details }: LossCount, t: Translate, time: (at: number) => string): string {
  const name = isKnownLoss(kind) ? t(LOSSES[kind]) : kind;
  const more = Object.entries(details).map(([key, value]) => `${key}: ${value}`);
  return [`${name} × ${count}`, time(lastAt), ...more].join(" · ");
}

/** What tells it from another one on the same machine: everybody's home folder does not. */
function environmentRows(environment: SessionDiagnostics["environment"]): string {
  if (!environment) return "";
  const set = Object.entries(environment.set).filter(([name]) => name !== "HOME");
  return [
    environment.program ?? "",
    ...set.map(([name, value]) => `${name}=${value}`),
    ...environment.withheld.map((name) => `${name}=***`),
  ]
    .filter(Boolean)
    .join("\n");
}

function differenceRow({ name, kept, here }: { name: string; kept: string | null; here: string | null }, t: Translate): string {
  const none = t("diagnostics.unset");
  return t("diagnostics.difference", { name, kept: kept ?? none, here: here ?? none });
}

/** Where the agent is in another mode, or on another model, than was chosen for its starts. */
function inForceRow({ launch, agent }: SessionDiagnostics): string {
  const other = (now: string | null | undefined, chosen: string | null) => (now && now !== chosen ? now : "");
  return [other(agent?.permissionMode, launch.permissionMode), other(agent?.model, launch.model)].filter(Boolean).join(" · ");
}

export function diagnosticsOf(found: SessionDiagnostics, t: Translate, time: (at: number) => string): readonly Diagnostic[] {
  const { threads, lastStart, host, launch, lastFailure } = found;
  // the places normally agree; where they don't, each is worth seeing
  const known = [...new Set([lastStart?.asked, threads.driver, threads.record, threads.hub])].filter(
    (thread) => typeof thread === "string",
  );
  const failure = lastFailure ?? (lastStart?.failure ? { ...lastStart.failure, at: lastStart.at } : null);
  const rows: [DiagnosticKey, string][] = [
    ["diagnostics.available", known.join("\n")],
    ["diagnostics.used", lastStart?.used ?? ""],
    ["diagnostics.how", lastStart ? t(HOW[lastStart.how], { time: time(lastStart.at) }) : ""],
    ["diagnostics.host", [host.name, host.pid, host.id].filter(Boolean).join(" · ")],
    ["diagnostics.launch", [launch.startedBy, launch.startingMode, launch.permissionMode, launch.model].filter(Boolean).join(" · ")],
    ["diagnostics.inForce", inForceRow(found)],
    ["diagnostics.args", (launch.args ?? []).join(" ")],
    ["diagnostics.environment", environmentRows(found.environment)],
    ["diagnostics.missing", (found.environment?.missing ?? []).join("\n")],
    ["diagnostics.changed", (found.environment?.changed ?? []).join("\n")],
    ["diagnostics.differs", (found.environment?.differs ?? []).map((one) => differenceRow(one, t)).join("\n")],
    [
      "diagnostics.failure",
      failure
        ? [codeText(failure.code, failure.message, t), failure.at === undefined ? "" : time(failure.at), failure.code]
            .filter(Boolean)
            .join(" · ")
        : "",
    ],
    ["diagnostics.losses", (found.losses ?? []).map((loss) => lossText(loss, t, time)).join("\n")],
    [
      "diagnostics.unknown",
      Object.entries(found.unknownWords ?? {})
        .map(([word, count]) => `${word} × ${count}`)
        .join("\n"),
    ],
    ["diagnostics.source", t(found.source === "session" ? "diagnostics.source.session" : "diagnostics.source.hub")],
  ];
  return rows.flatMap(([key, value]) => (value === "" ? [] : [{ key, value }]));
}
