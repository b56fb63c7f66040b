/** Types of the messages on the stdout of a driven Claude. */
import { each, ignored, shown, used, type Words } from "./words.ts";

export const MESSAGES = {
  assistant: used("which line of the transcript the end of the turn waits for; its words come from there"),
  user: used("which line of the transcript the end of the turn waits for; its words come from there"),
  stream_event: shown("live text until the transcript has it"),
  result: shown("the end of a turn, with its failure and usage"),
  system: shown("by its subtype"),
  control_request: used("by its subtype"),
  control_response: used("the answer to a request of ours, or our own answer taken up"),
  control_cancel_request: used("an open request is closed"),
  command_lifecycle: used("what becomes of a prompt: begun, done, taken back"),
  conversation_reset: used("the conversation was cleared: the next message names the new one"),
  rate_limit_event: used("when a limit is lifted, for the next try"),
  auth_status: shown("a warning, where signing in failed"),
  ...each(ignored("kept open by the other side: no content"), ["keep_alive"]),
  ...each(ignored("progress without words; the result stands in the transcript"), [
    "tool_progress",
    "tool_use_summary",
    "compact_progress",
    "set_in_progress_tool_use_ids",
    "bash_command",
    "stream_mode",
  ]),
  ...each(ignored("a proposal of Claude's for the next prompt; HAPI has none"), ["prompt_suggestion"]),
  ...each(ignored("goals and notes of Claude's own screen"), ["active_goal", "session_notice", "queued_notification", "os_notification"]),
  ...each(ignored("between parts of Claude's own, never on the stdout of a driven one"), [
    "attachment",
    "tombstone",
    "api_metrics",
    "autocompact_state",
    "apply_flag_settings",
    "hint_clears",
    "open_message_selector",
    "set_expanded_view",
    "transcript_mirror",
    "update_environment_variables",
  ]),
} as const satisfies Words;

/** Requests of Claude's to whoever drives it. */
export const REQUESTS = {
  can_use_tool: shown("a permission, a question or a plan that a person answers"),
  elicitation: shown(
    "a question of an MCP server that a person answers: a form, or an address to open; of a mode that no table names a warning says so",
  ),
  request_user_dialog: ignored("not declared, so it does not come; one that comes must not be answered"),
  hook_callback: ignored("no hooks are declared over the pipe, so it does not come; refused"),
  mcp_message: ignored("no MCP servers run on our side; refused"),
  ...each(ignored("signing in for Claude, which HAPI does not do; refused"), ["oauth_token_refresh", "host_auth_token_refresh"]),
  ...each(ignored("for hosts that lend their tools or windows; refused"), [
    "remote_tool_call",
    "remote_plumbing_call",
    "remote_tools_probe",
    "ui_render",
    "ui_copy",
    "mcp_tasks_changed",
    "poll_event",
  ]),
} as const satisfies Words;
