/** The demo agent's tools. Invariant: nothing is changed or run without the permission that the session's mode asks for. */
import type { ToolCallContent, ToolKind } from "@agentclientprotocol/sdk";
import { textContent, type ToolHead, type TurnContext, type Voice } from "./context.ts";
import { Cancelled } from "./errors.ts";
import type { GrantKind } from "./record.ts";
import { ScratchError, type Scratch } from "./scratch.ts";
import type { Step } from "./script.ts";
import { pretend } from "./shell.ts";

interface Call {
  name: string;
  title: string;
  kind: ToolKind;
  /** What "for this session" covers; null: needs no permission. */
  grant: GrantKind | null;
  preview?: ToolCallContent[];
  locations?: { path: string }[];
  rawInput: unknown;
  act(): Promise<{ ok: boolean; content: ToolCallContent[]; rawOutput?: unknown }>;
}

export type ToolStep = Extract<Step, { do: "read" | "write" | "edit" | "run" }>;

export function runTool(context: TurnContext, voice: Voice, step: ToolStep): Promise<void> {
  if (step.do === "run") return perform(context, voice, runCall(context, voice, step.command));
  if (step.do === "read") return perform(context, voice, readCall(context.scratch, step.path));
  return perform(context, voice, changeCall(context.scratch, step));
}

async function perform(context: TurnContext, voice: Voice, call: Call): Promise<void> {
  const { name, title, kind, rawInput, locations } = call;
  const head = { toolCallId: voice.nextToolId(), title, kind, rawInput };
  const shown = { ...head, name, ...(locations ? { locations } : {}) };
  const finish = async (status: "completed" | "failed", content: ToolCallContent[], rawOutput?: unknown) => {
    const result = { status, content, ...(rawOutput === undefined ? {} : { rawOutput }) };
    await voice.send({ sessionUpdate: "tool_call_update", toolCallId: head.toolCallId, ...result });
    voice.keep({ sessionUpdate: "tool_call", ...shown, ...result });
  };
  await voice.send({ sessionUpdate: "tool_call", ...shown, status: "pending" });
  try {
    const refusal = await refusalOf(context, voice, call, { ...head, name });
    if (refusal !== null) return await finish("failed", [textContent(refusal)]);
    await voice.send({ sessionUpdate: "tool_call_update", toolCallId: head.toolCallId, status: "in_progress" });
    const result = await call.act();
    await finish(result.ok ? "completed" : "failed", result.content, result.rawOutput);
  } catch (cause) {
    if (cause instanceof Cancelled) await finish("failed", [textContent("Cancelled")]);
    if (!(cause instanceof ScratchError)) throw cause;
    await finish("failed", [textContent(cause.message)]);
  }
}

/** Null: go on. */
async function refusalOf(context: TurnContext, voice: Voice, { grant, preview }: Call, head: ToolHead): Promise<string | null> {
  const { mode, grants } = voice.settings();
  if (!grant || mode === "yolo" || grants.has(grant) || (mode === "safe-yolo" && grant === "edit")) return null;
  if (mode === "read-only") return "Refused: this session is read-only.";
  const scope = grant === "edit" ? "Allow all edits in the scratch folder for this session" : "Allow all commands for this session";
  const { option, reason } = await voice.ask({ ...head, ...(preview ? { content: preview } : {}) }, [
    { optionId: "allow", name: "Allow", kind: "allow_once" },
    { optionId: "allow-always", name: scope, kind: "allow_always" },
    { optionId: "reject", name: "Reject", kind: "reject_once" },
  ]);
  if (option?.kind === "allow_always") context.record.append({ t: "set", grant });
  if (option?.kind === "allow_once" || option?.kind === "allow_always") return null;
  return reason === null ? "You said no." : `You said no: ${reason}`;
}

function runCall({ scratch }: TurnContext, voice: Voice, command: string): Call {
  return {
    name: "run",
    title: command,
    kind: "execute",
    grant: "execute",
    rawInput: { command },
    async act() {
      await voice.pause(150);
      const result = pretend(command, scratch);
      return { ok: result.exitCode === 0, content: [textContent(result.stdout + result.stderr)], rawOutput: result };
    },
  };
}

function readCall(scratch: Scratch, path: string): Call {
  return {
    name: "read",
    title: `Read ${path}`,
    kind: "read",
    grant: null,
    rawInput: { path },
    act() {
      const text = scratch.read(path);
      return Promise.resolve(text === null ? no(`There is no ${path}`) : { ok: true, content: [textContent(text)] });
    },
  };
}

const no = (why: string) => ({ ok: false, content: [textContent(why)] });

function changeCall(scratch: Scratch, step: Extract<Step, { do: "write" | "edit" }>): Call {
  const title = `${step.do === "write" ? "Write" : "Edit"} ${step.path}`;
  const given =
    step.do === "write" ? { path: step.path, content: step.text } : { path: step.path, old_string: step.from, new_string: step.to };
  const head = { name: step.do, title, kind: "edit" as const, rawInput: given };
  try {
    const path = scratch.path(step.path);
    const old = scratch.read(step.path);
    if (step.do === "edit" && !old?.includes(step.from)) {
      return { ...head, grant: null, act: () => Promise.resolve(no(`${step.path} does not contain "${step.from}"`)) };
    }
    const next = step.do === "write" ? step.text : (old ?? "").replace(step.from, () => step.to);
    const content: ToolCallContent[] = [{ type: "diff", path, oldText: old, newText: next }];
    return {
      ...head,
      grant: "edit",
      preview: content,
      locations: [{ path }],
      act() {
        scratch.write(step.path, next);
        return Promise.resolve({ ok: true, content });
      },
    };
  } catch (cause) {
    if (!(cause instanceof ScratchError)) throw cause;
    // A path that leads out of the folder is a failed call, not a failed turn.
    return { ...head, grant: null, act: () => Promise.resolve(no(cause.message)) };
  }
}
