/**
 * The words of OpenCode 1.18.33 that the driver decided about, from its OpenAPI document. A word that is in no list is counted, and shown raw where it is
 * about this conversation; a real-agent test fails on one that is new.
 */

/** Handled by name. */
export const HANDLED = [
  "message.updated",
  "message.removed",
  "message.part.updated",
  "message.part.removed",
  "message.part.delta",
  "permission.asked",
  "permission.replied",
  "question.asked",
  "question.replied",
  "question.rejected",
  "session.created",
  "session.updated",
  "session.status",
  "session.error",
  "session.compacted",
  "server.connected",
] as const;
export type Handled = (typeof HANDLED)[number];

/**
 * Known, and nothing to tell: of the server and its plugins, or said by another event too (`todo.updated`: the call of `todowrite`; `session.idle`:
 * `session.status`; `session.diff`, `file.edited`: the calls that changed files; `session.next.*`, `*.v2.*`: the same turn in a second vocabulary
 * that 1.18.33 describes and does not send).
 */
const SILENT = [
  "catalog.updated",
  "command.executed",
  "file.edited",
  "file.watcher.updated",
  "global.disposed",
  "installation.update-available",
  "installation.updated",
  "integration.connection.updated",
  "integration.updated",
  "lsp.updated",
  "mcp.browser.open.failed",
  "mcp.tools.changed",
  "models-dev.refreshed",
  "plugin.added",
  "project.directories.updated",
  "project.updated",
  "pty.created",
  "pty.deleted",
  "pty.exited",
  "pty.updated",
  "reference.updated",
  "server.heartbeat",
  "server.instance.disposed",
  "session.deleted",
  "session.diff",
  "session.idle",
  "todo.updated",
  "tui.command.execute",
  "tui.prompt.append",
  "tui.session.select",
  "tui.toast.show",
  "vcs.branch.updated",
  "workspace.failed",
  "workspace.ready",
  "workspace.status",
  "worktree.failed",
  "worktree.ready",
] as const;

const SECOND = /^session\.next\.|^(permission|question)\.v2\./;

const handled: ReadonlySet<string> = new Set(HANDLED);
const silent: ReadonlySet<string> = new Set(SILENT);

export const isHandled = (type: string): type is Handled => handled.has(type);
export const isSilent = (type: string): boolean => silent.has(type) || SECOND.test(type);

/** Parts of a message that say nothing by themselves: marks around a step, snapshots of the files, a mention that stands in the text too. */
export const SILENT_PARTS: ReadonlySet<string> = new Set(["step-start", "step-finish", "snapshot", "patch", "agent"]);
