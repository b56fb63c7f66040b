/**
 * Commands that no model carries out: Claude's own (`/context`), with what they said and how they ended, and those of the shell, run with `!` in the
 * terminal. They stand in `user` lines that Claude wrote by itself, or in `system` lines.
 */
import { noticeWords, type ToolContent } from "@hapi/protocol";
import { toolTitleOf } from "@hapi/core";
import { type Json, obj, str } from "./json.ts";
import { plain } from "./notices.ts";
import { CLI, type ParserWriter } from "./parser-writer.ts";
import { commandOf, commandOutputOf, type UserLine } from "./prompt-lines.ts";

type Of<K extends UserLine["kind"]> = Extract<UserLine, { kind: K }>;

/** What `/model` says (2.1.329, 2.1.332) where the model is another one from now on; not where its list was left as it was. */
const SET_MODEL = /^Set model to /;

/** `name`: the command that said it, where the line names it. */
interface Output {
  name?: string;
  isMarkdown?: boolean;
}

export interface CommandReader {
  command(line: Json, uuid: string, user: Of<"command">): void;
  output(uuid: string, user: Of<"command-output">): void;
  shell(line: Json, uuid: string, user: Of<"shell">): void;
  shellOutput(line: Json, uuid: string, user: Of<"shell-output">): void;
  /** `system` of the subtype `local_command`. */
  local(line: Json, uuid: string): void;
}

export function createCommandReader(w: ParserWriter): CommandReader {
  const { context, state, emit } = w;

  /** One that Claude carries out itself follows its caveat and begins no turn; others are prompts in short. */
  function command(line: Json, uuid: string, { name, args }: Of<"command">): void {
    const text = `${name} ${args}`.trim();
    const isOwn = state.caveat !== null && str(line["parentUuid"]) === state.caveat;
    if (isOwn) state.command = text;
    // Of what is driven, the end of each prompt is told, so it begins.
    if (!isOwn || context.promptOf(uuid)) return w.prompt(line, uuid, text, []);
    w.userMessage(uuid, text, line);
  }

  function output(uuid: string, { text, failed }: Pick<Of<"command-output">, "text" | "failed">, more: Output = {}): void {
    const words = plain(text);
    if (words === "") return;
    if (!failed && SET_MODEL.test(words)) modelChosen(more.name ?? state.command ?? "");
    w.say(
      uuid,
      { text: words, level: failed ? "warning" : "info", ...(more.isMarkdown ? { format: "markdown" } : {}) },
      more.name ?? state.command,
    );
  }

  /** A person chose it, and Claude says so. The word they used, where they used one; out of its list, the next answer names it. */
  function modelChosen(command: string): void {
    const [name, model = ""] = command.split(/\s+/, 2);
    if (name !== "/model") return;
    state.modelAsked = model === "";
    if (model !== "") w.out.facts.push({ type: "model", model: model === "default" ? null : model });
  }

  /** Two lines per command: what was entered (where no `user` line says it), and what came of it. */
  function local(line: Json, uuid: string): void {
    const content = str(line["content"]) ?? "";
    const said = commandOutputOf(content);
    if (!said) {
      // The id of the prompt that it was sent as, where it was sent.
      const sent = str(line["submitUuid"]) ?? uuid;
      const entered = commandOf(content);
      const text = entered ? `${entered.name} ${entered.args}`.trim() : plain(content);
      state.command = text;
      return context.promptOf(sent) ? w.prompt(line, sent, text, []) : void w.userMessage(sent, text, line);
    }
    const run = obj(line["commandRun"]);
    const name = str(run["command"]);
    const outcome = str(obj(line["commandOutcome"])["kind"]);
    const failed = said.failed || outcome === "failed" || outcome === "unavailable_headless";
    // For its own screen Claude draws the context; driven, it writes a page.
    const isMarkdown = line["contextUsage"] !== undefined && line["entrypoint"] !== CLI;
    output(uuid, { ...said, failed }, { isMarkdown, ...(name === undefined ? {} : { name: `/${name} ${str(run["args"]) ?? ""}`.trim() }) });
    if (name === "clear") cleared(str(line["sessionId"]) ?? uuid);
  }

  /** What follows begins anew: the list of things to do belongs to what was before. */
  function cleared(threadId: string): void {
    const id = `${threadId}:cleared`;
    emit(id, { type: "notice", id, ...noticeWords("conversation_cleared"), level: "info" });
    state.todos = [];
    emit(`${id}:plan`, { type: "plan", id: `${id}:plan`, entries: [] });
  }

  /** Claude (2.1.329) answers to what a command said, in a turn that begins with this line; older versions do not. */
  function shellOutput(line: Json, uuid: string, { stdout, stderr }: Of<"shell-output">): void {
    const entered = state.shell ?? "";
    delete state.shell;
    const text = [plain(stdout), plain(stderr)].filter((part) => part !== "").join("\n");
    if (line["turnOrigin"] === undefined) return text === "" ? undefined : w.say(uuid, { text, level: "info" }, `!${entered}`);
    w.startTurn(uuid, []);
    const callId = `shell:${uuid}`;
    const input = { command: entered };
    emit(`${uuid}:0`, { type: "tool-call", id: callId, tool: "Bash", kind: "execute", title: toolTitleOf("Bash", input), input });
    const content: ToolContent[] = [
      { type: "terminal", command: entered, stdout: plain(stdout), ...(stderr ? { stderr: plain(stderr) } : {}) },
    ];
    emit(`${uuid}:1`, { type: "tool-result", id: `${uuid}:1`, callId, status: "completed", output: text, content });
  }

  function shell(line: Json, uuid: string, { command: entered }: Of<"shell">): void {
    if (line["entrypoint"] === CLI) w.closeTurn("completed");
    state.shell = entered;
    w.noteBranch(line, uuid, `!${entered}`);
    w.userMessage(uuid, `!${entered}`, line);
  }

  return { command, output, shell, shellOutput, local };
}
