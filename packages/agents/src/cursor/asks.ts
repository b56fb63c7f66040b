/** What Cursor asks beside ACP, and how it wants to be answered (cursor.com/docs/cli/acp). */
import type { OwnAsk } from "../acp/profile.ts";
import { answersOf, questionRequest } from "../acp/questions.ts";
import type { FormField } from "../shared/elicitation.ts";
import { fields, filled, list } from "../shared/read.ts";

const outcome = (word: string, more: Record<string, unknown> = {}) => ({ outcome: { outcome: word, ...more } });

function readQuestion(value: unknown): FormField[] {
  const asked = fields(value);
  const name = filled(asked["id"]);
  if (name === undefined) return [];
  const options = list(asked["options"])
    .map(fields)
    .flatMap((option) => {
      const id = filled(option["id"]);
      return id === undefined ? [] : [{ label: filled(option["label"]) ?? id, value: id }];
    });
  return [{ name, question: filled(asked["prompt"]) ?? name, type: asked["allowMultiple"] === true ? "array" : "string", options }];
}

export const cursorQuestion: OwnAsk = {
  ask(params) {
    const questions = list(params["questions"]).slice(0, 20).flatMap(readQuestion);
    const title = filled(params["title"]) ?? "The agent asks";
    return questions.length === 0 ? null : { request: questionRequest(questions, title), questions };
  },
  reply(questions, answer) {
    if (answer.behavior === "deny") return outcome("skipped", answer.reason ? { reason: answer.reason } : {});
    const answers = answersOf(questions, answer.answers).map(({ name, values }) => ({ questionId: name, selectedOptionIds: values }));
    return outcome("answered", { answers });
  },
  cancelled: outcome("cancelled"),
};

export const cursorPlan: OwnAsk = {
  ask(params) {
    const title = filled(params["name"]) ?? "Plan";
    const plan = filled(params["plan"]) ?? filled(params["overview"]);
    if (plan === undefined) return null;
    return { request: { kind: "plan", tool: "ExitPlanMode", title, input: { ...params, plan } }, questions: [] };
  },
  reply: (_questions, answer) =>
    answer.behavior === "allow" ? outcome("accepted") : outcome("rejected", answer.reason ? { reason: answer.reason } : {}),
  cancelled: outcome("cancelled"),
};
