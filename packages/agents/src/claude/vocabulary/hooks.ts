/** Hooks. Those that are shown or used are in the settings that HAPI gives to a Claude in the terminal; the others are the person's own. */
import { each, ignored, shown, used, type Words } from "./words.ts";

export const HOOKS = {
  SessionStart: used("thread, transcript and why it began"),
  UserPromptSubmit: used("a prompt was typed: a turn may begin"),
  PreToolUse: used("which call a permission belongs to"),
  PostToolUse: ignored("the result of the tool is read from the transcript"),
  PermissionRequest: shown("a permission, a question or a plan that a person answers from anywhere"),
  Notification: ignored("comes seconds after the dialog that it is about, which is known already"),
  Stop: used("a turn is over, and what goes on in the background; of a driven Claude too"),
  StopFailure: used("a turn is over, failed"),
  SessionEnd: used("the mode in force; the end of the program is seen by its host"),
  ...each(ignored("stands in the transcript as the result of the tool"), ["PostToolUseFailure", "PostToolBatch", "PermissionDenied"]),
  ...each(ignored("stands in the transcript of the conversation or of the sub-agent"), [
    "SubagentStart",
    "SubagentStop",
    "PreCompact",
    "PostCompact",
    "UserPromptExpansion",
    "TaskCreated",
    "TaskCompleted",
    "MessageDisplay",
  ]),
  ...each(ignored("the next answer names the model"), ["PreModelSwitch", "PostModelSwitch"]),
  ...each(ignored("the form is on the terminal's screen and is answered there"), ["Elicitation", "ElicitationResult"]),
  ...each(ignored("the next hook and the next line name the folder"), ["CwdChanged", "DirectoryAdded", "WorktreeCreate", "WorktreeRemove"]),
  ...each(ignored("settings and instructions of the person's own"), ["ConfigChange", "InstructionsLoaded", "FileChanged", "Setup"]),
  ...each(ignored("teams of Claude's own, which HAPI does not use"), ["TeammateIdle"]),
  PreSkillShellCommand: {
    ...ignored("for policies of the person's own: a skill's shell command, which asks by itself where it must"),
    since: "2.1.332",
  },
} as const satisfies Words;
