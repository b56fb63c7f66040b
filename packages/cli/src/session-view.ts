/** A session on this terminal: what is said before its screen, the screen, and what is said after. Stands before the first paint: loads little. */
import { readHostAddress, runViewer } from "@hapi/host";
import { readSessionFile, type SessionFile } from "@hapi/machine/first";
import { delay, sessionDir, systemClock } from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol/errors";
import { permissionModesOf } from "@hapi/protocol/flavors";
import type { CommandContext } from "./command.ts";

export interface SessionView {
  home: string;
  sessionFile: SessionFile;
  /** How the session came to be on this terminal, in a few words. */
  state: string;
  /** The line about the hub, if there is one to say. */
  hub?: string;
  warning?: string;
  /** Somebody asked for a conversation and gets the session that has it: the agent's screen would wipe that away unread. */
  mustBeRead?: boolean;
}

const READ_MS = 1_200;

const sandboxOf = ({ box }: SessionFile): string => (box ? ` · Sandbox${box.network ? "" : " without network"}` : "");

/** At most four lines, then the agent's own screen. */
export async function introduce(
  { sessionFile, state, hub, warning, mustBeRead }: SessionView,
  { terminal, paint }: CommandContext,
): Promise<void> {
  const mode = sessionFile.startingMode === "local" ? "local" : "remote";
  const permission = sessionFile.permissionMode ?? permissionModesOf(sessionFile.flavor)[0] ?? "default";
  if (warning) terminal.note(paint.waiting(warning));
  if (hub) terminal.note(hub);
  terminal.note(`${paint.good("✓")} Session ${sessionFile.sessionId.slice(0, 8)} ${paint.dim(`(${state})`)}`);
  terminal.note(paint.dim(`  Mode: ${mode} · Path: ${sessionFile.cwd} · Permission: ${permission}${sandboxOf(sessionFile)}`));
  if (mustBeRead && terminal.isInteractive) await delay(READ_MS, { clock: systemClock });
}

/** Until the session ends or the person leaves. `onShown`: once its screen is there; whatever is not needed for that can begin then. */
export async function watchSession(
  home: string,
  sessionFile: SessionFile,
  { terminal, paint }: CommandContext,
  onShown: () => void = () => undefined,
): Promise<number> {
  const dir = sessionDir(home, sessionFile.sessionId);
  const address = readHostAddress(dir);
  if (!address) throw new AppError("host_gone");
  const end = await runViewer({ ...address, stdin: process.stdin, stdout: process.stdout, onShown });
  if (end.message) terminal.note(end.message);
  // The agent's own last words name its own program; what it continues there would be a second one on this session's conversation.
  if (readSessionFile(dir)) terminal.note(paint.dim(`Continue this session with: hapi resume ${sessionFile.sessionId.slice(0, 8)}`));
  return end.exitCode;
}
