/**
 * The one table of what HAPI itself says within a conversation: a stable code and the English sentence with its parameters in `{braces}`. A notice
 * carries the code, the parameters and the sentence made of them (terminals, the command line and older clients show that); the web app words the
 * code in the language of its reader. What an agent said in its own words has no code.
 */

/**
 * `code` and `message`: an error, of which a reader's language may know the code; `mode`: a permission mode, by its wire name; several strings are
 * joined in the way of the language.
 */
export type NoticeParam = string | number | string[] | { code: string; message: string } | { mode: string };
export type NoticeParams = Record<string, NoticeParam>;

export const NOTICES = {
  // a session
  agent_not_started: "The agent could not be started: {reason}",
  stop_unanswered:
    "The agent did not answer Stop, so its process was ended, and with it what it ran in the background. The conversation goes on with the next message.",
  mode_other: "{agent} was in the mode {before} when it was last seen; started again, it goes on in {mode}",
  usage_limit_again: "The usage limit is reached again. From here on it is yours to retry.",
  retries_used_up: "Tried again {times} times without success. Retry sends it once more.",
  retry_failed: "It could not be tried again: {reason}",
  row_refused: "One entry could not be stored: {reason}",
  was_archived: "This session was archived. It is back because it was continued in a terminal; archive it again to put it away.",
  conversation_shared:
    "Session {session} ({directory}) has this conversation too. Two sessions on one conversation don't see what the other adds: go on in one of them ({command}), and end or archive the other.",
  credential_other:
    "{names} is another one than when this session began: its agent works with the one that is set on its machine now. To make it the session's own, end it, then: {command}",
  credentials_other:
    "{names} are other ones than when this session began: its agent works with those that are set on its machine now. To make them the session's own, end it, then: {command}",
  // words of the terminal that no agent has
  words_unsent:
    "{agent} had not taken up what was entered in the terminal: {unsent}. It was not sent. These words stand in the input line when you take the terminal back.",
  words_unsent_long:
    "{agent} had not taken up what was entered in the terminal: {unsent}. It was not sent. They are too long to be put back into the input line: copy them from here.",
  words_half_typed: "Half-typed in the terminal: {typed}. These words stand in the input line when you take the terminal back.",
  words_half_typed_long: "Half-typed in the terminal: {typed}. They are too long to be put back into the input line: copy them from here.",
  words_both:
    "{agent} had not taken up what was entered in the terminal: {unsent}. It was not sent. Half-typed in the terminal: {typed}. These words stand in the input line when you take the terminal back.",
  words_both_long:
    "{agent} had not taken up what was entered in the terminal: {unsent}. It was not sent. Half-typed in the terminal: {typed}. They are too long to be put back into the input line: copy them from here.",
  words_remote_long:
    "Typed at the remote screen, and not sent: {typed}. They are too long to be put back into the input line: copy them from here.",
  entered_uncertain: "It is not certain that {agent} took up the line that was entered last in the terminal.",
  half_typed_lost: "What stood half-typed in the terminal's input line could not be kept.",
  // the conversation
  conversation_cleared: "The conversation was cleared: the agent remembers nothing from before",
  conversation_rewound: "The conversation went back to before “{words}”",
  conversation_rewound_back: "The conversation went back to an earlier point",
  conversation_compacted: "The conversation was compacted",
  compact_failed: "The conversation could not be compacted: {reason}",
  compact_failed_unexplained: "The conversation could not be compacted: no reason given",
  conversation_elsewhere: "The conversation goes on in another one: {thread}",
  conversation_ended: "{agent} ended this conversation",
  interrupted: "Interrupted",
  image_generated: "Generated image {file}",
  prompt_unrecorded:
    "{agent} ended before it wrote this prompt into its conversation: it does not know it. Send it again if you still want it.",
  second_process:
    "This conversation was opened in another {agent} beside HAPI (process {pid}). Two at once branch it: what is said over there is not shown here, and may be lost to this session. Close it there, or continue it there and end this session.",
  background_ended: "Work in the background ended with the agent's process: {names}",
  timers_ended: "Timers ended with the agent's process: {names}",
  subagents_ended: "The sub-agents in the background were ended",
  model_other: "{model} answers instead of {before}: {reason}",
  answer_cut: "The answer reached its length limit and stops here.",
  steps_limit: "The agent reached its limit of steps for one turn.",
  turns_limit: "The limit of {turns} turns is reached",
  usage_limit: "The usage limit is reached",
  usage_limit_near: "The usage limit is near",
  went_wrong: "Something went wrong",
  // requests
  request_unasked: "{agent} asked for more permissions at once than can be kept open. This one was refused, and nobody was asked: {tool}",
  question_unserved: "The MCP server {server} asked something that can't be answered here, and was told so: {question}",
  allow_late: "An allow came too late: the tool did not run",
  // what "allow for this session" allows; several of them are one offer
  scope_tool: "every use of {tool}",
  scope_rule: "{tool}: {rule}",
  scope_edits: "every edit of a file",
  scope_mode: "mode {mode}",
  scope_folders: "the folder {folders}",
  // what an agent's program says of its surroundings
  sign_in_failed: "{agent} could not sign in: {reason}",
  disk_full_record: "The disk is full ({error}): {agent} could not write the conversation's own record",
  disk_full_settings: "The disk is full ({error}): {agent} could not write its settings",
  disk_full_both: "The disk is full ({error}): {agent} could not write the conversation's own record and its settings",
  disk_full_all: "The disk is full ({error}): {agent} could not write everything",
  hook_stop_errors: "A {hook} hook: {words}",
  hook_stop_held: "A {hook} hook held the turn up: {reason}",
  hook_stop_held_unexplained: "A {hook} hook held the turn up: no reason given",
  hook_says: "The hook {hook} says: {words}",
  hook_refused: "The hook {hook} refused: {words}",
  hook_ended_turn: "The hook {hook} ended the turn: {words}",
  hook_failed: "The hook {hook} failed: {words}",
  memory_saved: "Saved to memory: {files}",
  files_missing: "{missing} of {sent} attached files did not arrive",
  files_missing_some: "{missing} of the attached files did not arrive",
  instructions_long: "The instruction files ({file}) are very long: they take much of the context",
  change_published: "Published: {address}",
  pull_request: "Pull request: {address}",
  plugin_failed: "The plugin {plugin} could not be installed: {reason}",
  // sources of the agent that do not fit together
  record_missing_local:
    "{agent}'s record of this conversation can't be found in any of its folders. What is said in the terminal can't be shown here until it does.",
  record_missing_remote:
    "{agent}'s record of this conversation can't be found in any of its folders. What it says is shown from its output instead; details may be missing.",
  record_silent_local:
    "{agent}'s record of this conversation does not follow what happens in it. What is said in the terminal can't be shown here until it does.",
  record_silent_remote:
    "{agent}'s record of this conversation does not follow what happens in it. What it says is shown from its output instead; details may be missing.",
  turn_empty: "The turn ended without a word: neither {agent}'s output nor its record says what it did.",
  rows_outside_turn: "What follows came after {agent} had said that its turn was over.",
  tool_unended: "The turn ended, but {agent} did not say how this ended: {tools}",
  output_lost: "Part of {agent}'s output was lost. Something may be missing here.",
  output_lost_line_too_long: "Part of {agent}'s output was lost: a line is too long. Something may be missing here.",
  output_lost_line_not_handled: "Part of {agent}'s output was lost: a line could not be handled. Something may be missing here.",
  output_lost_not_read_in_time: "Part of {agent}'s output was lost: it was not read in time. Something may be missing here.",
  output_lost_unreadable: "Part of {agent}'s output was lost: it can't be read any more. Something may be missing here.",
  output_silent: "{agent} says that it is idle, but not how its turn ended. End the session or stop the turn to go on.",
  hooks_silent:
    "{agent}'s hooks do not report from the terminal (its settings may switch them off, by {setting} for instance). It is followed by its record; a dialog that opens there can be answered there only.",
} as const;

export type NoticeCode = keyof typeof NOTICES;

type Holes<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Holes<Rest> : never;
type Given<Code extends NoticeCode> = [Holes<(typeof NOTICES)[Code]>] extends [never]
  ? []
  : [params: { [Name in Holes<(typeof NOTICES)[Code]>]: NoticeParam }];

/** The fields of a notice that say it. */
export interface NoticeWords {
  text: string;
  code: NoticeCode;
  params?: NoticeParams;
}

const HOLE = /\{(\w+)\}/g;

export const isNoticeCode = (code: string): code is NoticeCode => Object.hasOwn(NOTICES, code);

/** The names of its parameters. */
export const noticeHoles = (code: NoticeCode): string[] => [...NOTICES[code].matchAll(HOLE)].map((match) => match[1] ?? "");

export function noticeWords<Code extends NoticeCode>(code: Code, ...[params]: Given<Code>): NoticeWords {
  if (params === undefined) return { text: NOTICES[code], code };
  const values: NoticeParams = { ...(params as NoticeParams) };
  return { text: NOTICES[code].replace(HOLE, (hole, name: string) => inEnglish(values[name] ?? hole)), code, params: values };
}

function inEnglish(param: NoticeParam): string {
  if (typeof param !== "object") return String(param);
  if (Array.isArray(param)) return param.join(", ");
  return "mode" in param ? param.mode : param.message;
}
