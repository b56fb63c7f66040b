/** One turn of the demo agent: performs the steps of a prompt, one after the other, until it is done, cancelled or has to fail. */
import { cutText } from "@hapi/core";
import type { PermissionOption, SessionUpdate, StopReason } from "@agentclientprotocol/sdk";
import { methods } from "@agentclientprotocol/sdk";
import { asked, textContent, voiceOf, type TurnContext, type Voice } from "./context.ts";
import { aborted, Cancelled, modelError } from "./errors.ts";
import { MODES } from "./offer.ts";
import { lastTurnOf } from "./record.ts";
import { askedIn, type ModelMessage } from "./request.ts";
import { stepsFor, type Step } from "./script.ts";
import { runTool } from "./tools.ts";

/** `images` are described in words; the rest is what the model is asked. */
export async function performTurn(context: TurnContext, request: readonly ModelMessage[], images: readonly string[]): Promise<StopReason> {
  const voice = voiceOf(context);
  try {
    if (images.length > 0) await voice.say(`I got ${images.length} image${images.length === 1 ? "" : "s"}: ${images.join("; ")}.\n\n`);
    for (const step of stepsFor(askedIn(request))) {
      if (context.signal.aborted) throw new Cancelled();
      await perform(context, voice, step, request);
    }
    return "end_turn";
  } catch (cause) {
    if (cause instanceof Cancelled || context.signal.aborted) return "cancelled";
    throw cause;
  }
}

function perform(context: TurnContext, voice: Voice, step: Step, request: readonly ModelMessage[]): Promise<void> {
  switch (step.do) {
    case "say":
      return voice.say(step.text);
    case "think":
      return voice.stream("agent_thought_chunk", step.text.match(/(?:\S+\s*){1,3}/g) ?? [], 25);
    case "chunks":
      return voice.stream("agent_message_chunk", chunks(step.count), step.everyMs);
    case "pause":
      return voice.pause(step.ms);
    case "read":
    case "write":
    case "edit":
    case "run":
      return runTool(context, voice, step);
    case "restore":
      context.scratch.restore(step.path);
      return Promise.resolve();
    case "todo":
      return showList(voice, step);
    case "ask":
      return question(context, voice, step);
    case "plan":
      return approve(context, voice, step.text);
    case "recall":
      return voice.say(recall(request));
    case "fail":
      return fail(context, voice, step, request);
    case "break":
      return voice.say("I begin to answer, and then ").then(() => context.breakOff());
    case "hang":
      return aborted(context.signal);
  }
}

function* chunks(count: number): Generator<string> {
  for (let index = 1; index <= count; index++) yield `chunk ${index} `;
}

async function showList(voice: Voice, step: Extract<Step, { do: "todo" }>): Promise<void> {
  const plan: SessionUpdate = { sessionUpdate: "plan", entries: step.entries.map((entry) => ({ ...entry, priority: "medium" as const })) };
  await voice.send(plan);
  voice.keep(plan);
  await voice.pause(100);
}

async function question(context: TurnContext, voice: Voice, step: Extract<Step, { do: "ask" }>): Promise<void> {
  const picked = context.canAsk ? await elicit(context, step) : await choose(voice, step);
  await voice.say(picked === null ? "You did not answer. That is fine." : `You picked **${picked}**.`);
}

async function elicit(context: TurnContext, step: Extract<Step, { do: "ask" }>): Promise<string | null> {
  const answer = { type: "string" as const, title: step.question, ...(step.options.length > 0 ? { enum: [...step.options] } : {}) };
  const { create } = methods.client.elicitation;
  const params = {
    mode: "form" as const,
    sessionId: context.sessionId,
    message: step.question,
    requestedSchema: { type: "object" as const, properties: { answer }, required: ["answer"] },
  };
  const reply = await asked(context, create, params, (_meta) => context.client.request(create, { ...params, _meta }));
  if (reply.action === "cancel") throw new Cancelled();
  const content: unknown = reply.action === "accept" ? reply.content : null;
  const value: unknown = content !== null && typeof content === "object" && "answer" in content ? content.answer : null;
  return typeof value === "string" ? value : null;
}

/** For clients without forms: the options of a permission request stand in for the answers. */
async function choose(voice: Voice, step: Extract<Step, { do: "ask" }>): Promise<string | null> {
  const options = step.options.map((name, index): PermissionOption => ({ optionId: `option-${index}`, name, kind: "allow_once" }));
  const head = { toolCallId: voice.nextToolId(), title: step.question, kind: "other" as const, rawInput: { question: step.question } };
  const { option } = await voice.ask(head, [...options, { optionId: "none", name: "Skip", kind: "reject_once" }]);
  return option?.kind === "allow_once" ? option.name : null;
}

async function approve(context: TurnContext, voice: Voice, plan: string): Promise<void> {
  const toolCallId = voice.nextToolId();
  const head = { toolCallId, title: "Ready to begin?", kind: "switch_mode" as const, rawInput: { plan }, content: [textContent(plan)] };
  await voice.send({ sessionUpdate: "tool_call", name: "plan", ...head, status: "pending" });
  const {
    option,
    reason,
    mode: chosen,
  } = await voice.ask(head, [
    { optionId: "safe-yolo", name: "Yes, and edit without asking", kind: "allow_always" },
    { optionId: "default", name: "Yes, and ask before each edit", kind: "allow_once" },
    { optionId: "keep-planning", name: "No, keep planning", kind: "reject_once" },
  ]);
  const known = MODES.find(({ id }) => id === chosen)?.id;
  const mode = option?.kind === "allow_always" || option?.kind === "allow_once" ? (known ?? option.optionId) : null;
  const status = mode === null ? "failed" : "completed";
  await voice.send({ sessionUpdate: "tool_call_update", toolCallId, status });
  voice.keep({ sessionUpdate: "tool_call", name: "plan", ...head, status });
  if (mode === null)
    return voice.say(reason === null ? "I keep planning. Tell me what to change." : `I keep planning, and think of this: ${reason}`);
  context.record.append({ t: "set", mode });
  await voice.send({ sessionUpdate: "current_mode_update", currentModeId: mode });
  await voice.say("The plan is approved. ");
}

async function fail(
  { record }: TurnContext,
  voice: Voice,
  step: Extract<Step, { do: "fail" }>,
  request: readonly ModelMessage[],
): Promise<void> {
  const failures = lastTurnOf(record.lines)?.failures ?? 0;
  if (step.times === null || failures < step.times) throw modelError(step.status, step.message);
  await voice.say(`Recovered after ${failures} failure${failures === 1 ? "" : "s"}.\n\n${recall(request)}`);
}

/** The conversation as the model was given it: what proves after a resume or a retry that nothing is missing and nothing stands twice. */
function recall(request: readonly ModelMessage[]): string {
  const said = request.flatMap(({ role, text }) => (role === "user" ? [text] : []));
  return `You have said ${said.length} thing${said.length === 1 ? "" : "s"}:\n\n${said.map((text, index) => `${index + 1}. ${cutText(text, 200)}`).join("\n")}`;
}
