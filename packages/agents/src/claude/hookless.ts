/**
 * What is known of a terminal's Claude without hooks: whether it sends any, and a dialog on its screen that no hook asked about. Both from its status
 * file (2.1.329): `status: "waiting"` with `waitingFor` in its own words. Such a dialog can be answered in the terminal only.
 */
import { join } from "node:path";
import { attempt } from "@hapi/platform/lean";
import type { Core } from "./core.ts";
import { parseJson } from "./json.ts";
import type { LiveSession } from "./live-sessions.ts";
import { configDir } from "./paths.ts";
import { commitMarks, readMark } from "./state.ts";
import type { Place } from "./system.ts";

export interface Hookless {
  /** A hook came. */
  heard(): void;
  /** It ran before this session process: its hooks may have come to another one, so it is judged by a turn that passed without. */
  adopted(): void;
  /** Claude's own word, or none; looked at again and again. */
  look(live: LiveSession | null): void;
  /** It sends none. */
  readonly isSo: boolean;
  /** Nobody is asked anything any more. */
  close(): void;
}

/** The first hook is a process of its own; on a busy machine it takes its time. Where the settings say so, sooner. */
const SILENT_MS = 30_000;
const SILENT_BY_SETTINGS_MS = 1_500;
/** The hook of a dialog comes beside the dialog. */
const ASKED_MS = 4_000;

export function createHookless(core: Core, launchId: string): Hookless {
  const { context } = core;
  let hasHeard = readMark(context, "claude.hooked") === launchId;
  let isSo = !hasHeard && readMark(context, "claude.hookless") === launchId;
  let isAdopted = false;
  let readyAt: number | null = null;
  let shown: string | null = null;

  function keep(marks: { "claude.hookless"?: string; "claude.hooked"?: string }): void {
    commitMarks(context, marks).catch((cause: unknown) => context.log.warn("claude.hookless_not_kept", { cause }));
  }

  function judge(now: number): void {
    if (isSo || hasHeard || readyAt === null) return;
    const silent = now - readyAt;
    const isProven = silent >= SILENT_MS && (!isAdopted || core.witness.localTurns > 0);
    if (silent < SILENT_BY_SETTINGS_MS || (!isProven && !switchedOff(context))) return;
    isSo = true;
    keep({ "claude.hookless": launchId });
    core.lost("hooks_silent", launchId, { turns: core.witness.localTurns });
  }

  function show(dialog: { about: string; since: number } | null): void {
    const next = dialog === null ? null : `${dialog.since} ${dialog.about}`;
    if (next === shown) return;
    shown = next;
    context.emit({ type: "dialog", dialog });
  }

  return {
    heard() {
      if (hasHeard) return;
      hasHeard = true;
      isSo = false;
      keep({ "claude.hooked": launchId, "claude.hookless": "" });
    },
    adopted() {
      isAdopted = true;
    },
    look(live) {
      const now = context.clock.now();
      // A status stands in the file once its prompt is on the screen.
      if (live?.status !== undefined) readyAt ??= now;
      judge(now);
      const since = live?.statusSince ?? now;
      const isUnasked = live?.status === "waiting" && core.requests.all.length === 0 && (isSo || now - since >= ASKED_MS);
      show(isUnasked ? { about: live.waitingFor ?? "a dialog", since } : null);
    },
    get isSo() {
      return isSo;
    },
    close: () => show(null),
  };
}

/** Only what makes the wait shorter: that no hook came is the proof. */
function switchedOff({ env, cwd, system: { files } }: Place): boolean {
  const paths = [join(configDir(env), "settings.json"), join(cwd, ".claude", "settings.json"), join(cwd, ".claude", "settings.local.json")];
  return paths.some((path) => {
    const text = attempt(() => files.text(path), "not every folder has one");
    return text !== undefined && parseJson(text)?.["disableAllHooks"] === true;
  });
}
