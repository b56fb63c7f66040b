/** Which open requests want words instead of a yes or no. Free of schemas, so that a client that trusts its hub needs none. */

/** Tools whose open request asks the person for words instead of a yes or no. */
const INPUT_TOOLS = new Set(["AskUserQuestion", "ask_user_question", "ExitPlanMode", "exit_plan_mode", "request_user_input"]);

export function requestKind(request: { tool: string; kind?: string | undefined }): "permission" | "input" {
  if (request.kind) return request.kind === "permission" ? "permission" : "input";
  return INPUT_TOOLS.has(request.tool) ? "input" : "permission";
}
