// A request in the one neutral form: each dialect becomes { model, stream, system, messages, tools, schema, effort }.
// messages: [{ role: 'system'|'user'|'assistant', parts: [{ text } | { image } | { thinking } | { call } | { result }] }]
// call: { id, name, args }    result: { id, name, text, isError }

// Text that the agents themselves put around what the user typed.
const WRAPPERS = [
  "system-reminder",
  "environment_context",
  "user_instructions",
  "session_context",
  "turn_aborted",
  "skills_instructions",
  "hook_context",
  "local-command-caveat",
  "local-command-stdout",
  "command-name",
  "command-message",
  "command-args",
  "INSTRUCTIONS",
  "recommended_plugins",
  "collaboration_mode",
  "goal_context",
  "current_datetime",
];
const wrapped = new RegExp(WRAPPERS.map((w) => `<${w}\\b[^>]*>[\\s\\S]*?</${w}>`).join("|"), "g");

/** `Continue` is what a driver says to an agent that has the failed prompt still. */
const NOTICES = /^(Continue$|\[Request interrupted by user|\[Image: source|Tool loaded\.$)/;

/** The last thing the user typed, and how many answers the model has given since. */
export function position(messages) {
  let step = 0;
  for (let i = messages.length - 1; i >= 0; i--) {
    const { role, parts } = messages[i];
    if (role === "assistant") step += 1;
    if (role !== "user") continue;
    const texts = parts.map((p) => (p.text ?? "").replace(wrapped, "").trim()).filter((t) => t && !NOTICES.test(t));
    if (texts.length) return { user: texts.at(-1), step, index: i };
  }
  return { user: "", step, index: 0 };
}
export const lastResult = (messages) =>
  messages
    .flatMap((m) => m.parts)
    .filter((p) => p.result)
    .at(-1)?.result;
