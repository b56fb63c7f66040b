/**
 * Tells the hub where each prompt is. Only the latest stage of a prompt matters; what the hub has not confirmed is said again after a while, after a reconnect
 * and, for the recent past, after a restart (saying it twice is harmless).
 */
import type { AgentFailure } from "@hapi/protocol";
import type { Clock } from "@hapi/platform";
import type { DriverLog } from "@hapi/agents";
import type { LedgerState, PromptEntry } from "./ledger-state.ts";
import type { SessionLink, StageReport } from "@hapi/client/link";

/** What was not confirmed on a line that stands is said again after this time. */
const AGAIN_MS = 10_000;
/** Prompts said again after a restart. */
const MAX_REPEATED = 500;

function reportOf(prompt: PromptEntry): StageReport | null {
  // The wire has no word for what was taken back after it was shown as handed: it did not run.
  const stage = prompt.stage === "canceled" && prompt.row === "taken" ? "interrupted" : prompt.stage;
  if (stage === "queued" || stage === "handing" || stage === "canceled") return null;
  return {
    localId: prompt.localId,
    stage,
    at: prompt.stageAt,
    detail: prompt.failure && detailOf(prompt.failure),
  };
}

function detailOf(failure: AgentFailure): StageReport["detail"] {
  return { code: failure.cause ?? failure.code, message: failure.message, retryable: failure.retryable };
}

export interface StageReports {
  /**
   * Told once it is on the disk: a hub that knows more than the ledger could not be told how it ended after a crash.
   * `steered`: it went into a turn that ran already.
   */
  changed(prompt: PromptEntry, written: Promise<void>, how?: { steered: boolean }): void;
  /** The hub has confirmed every stage that it must hear. */
  readonly isConfirmed: boolean;
  /** Resolves when that is so. */
  confirmed(): Promise<void>;
  close(): void;
}

export function createStageReports(deps: { state: LedgerState; link: SessionLink; clock: Clock; log: DriverLog }): StageReports {
  const { link, clock, log } = deps;
  let closed = false;
  const waiters: (() => void)[] = [];
  const unconfirmed = new Map<string, StageReport>();
  for (const prompt of [...deps.state.prompts.values()].slice(-MAX_REPEATED)) {
    const report = reportOf(prompt);
    if (report) unconfirmed.set(report.localId, report);
  }

  function send(report: StageReport): void {
    if (!link.connected) return;
    if (report.stage === "unknown") link.indeterminate([report.localId]);
    link.sendStage(report).then(
      () => {
        if (unconfirmed.get(report.localId) === report) unconfirmed.delete(report.localId);
        if (unconfirmed.size === 0) for (const done of waiters.splice(0)) done();
      },
      (cause: unknown) => {
        log.debug("stage.not_confirmed", { localId: report.localId, stage: report.stage, cause });
        // The line stands, so no reconnect says it again.
        const again = (): void => {
          if (!closed && unconfirmed.get(report.localId) === report) send(report);
        };
        if (!closed) clock.setTimer(AGAIN_MS, again);
      },
    );
  }

  const stop = link.on("connected", () => {
    if (unconfirmed.size === 0) return;
    link.consumed([...unconfirmed.keys()]);
    for (const report of unconfirmed.values()) send(report);
  });

  return {
    changed(prompt, written, how) {
      const report = reportOf(prompt);
      if (!report) return;
      const tell = (): void => {
        const first = !unconfirmed.has(report.localId) && report.stage === "handed";
        unconfirmed.set(report.localId, report);
        if (first && link.connected) link.consumed([report.localId], how);
        send(report);
      };
      // What a full disk did not take is still true as long as this process lives.
      written.then(tell, tell);
    },
    get isConfirmed() {
      return unconfirmed.size === 0;
    },
    confirmed: () => (unconfirmed.size === 0 ? Promise.resolve() : new Promise((resolve) => waiters.push(resolve))),
    close() {
      closed = true;
      stop();
    },
  };
}
