/** The questions in an input whose shape differs from agent to agent: `{questions:[{question}]}`, `{question}`, or nothing we can read. */
export function askedQuestions(input: unknown): readonly string[] {
  if (typeof input !== "object" || input === null) return [];
  const fields = input as Record<string, unknown>;
  if (typeof fields["question"] === "string") return [fields["question"]];
  const list = Array.isArray(fields["questions"]) ? (fields["questions"] as unknown[]) : [];
  return list.flatMap((entry) => {
    if (typeof entry === "string") return [entry];
    const text = typeof entry === "object" && entry !== null ? (entry as Record<string, unknown>)["question"] : null;
    return typeof text === "string" ? [text] : [];
  });
}
