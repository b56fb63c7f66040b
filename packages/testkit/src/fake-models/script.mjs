// What the model answers: the scenario's next turn that fits, else a value for a schema, a line for a helper's request, the directives, an echo.
import { createHash } from "node:crypto";
import { answersFor, defaultAnswer } from "./directives.mjs";
import { lastResult } from "./request.mjs";

export function createScript(scenario) {
  let turns = [...(scenario?.turns ?? [])];
  const failures = new Map();

  const fits = (when, req) =>
    !when ||
    Object.entries(when).every(([key, want]) => {
      const have = {
        api: req.api,
        model: req.model,
        user: req.user,
        system: req.system,
        result: lastResult(req.since)?.text ?? "",
        aux: req.aux,
      }[key];
      return typeof want === "boolean" ? have === want : new RegExp(want).test(String(have ?? ""));
    });

  /** What to answer: { source, steps }. */
  function decide(req) {
    const i = turns.findIndex((t) => (t.when?.aux !== undefined || !req.aux) && fits(t.when, req));
    if (i >= 0) {
      const turn = turns[i];
      if (turn.times && turn.times > 1) turns[i] = { ...turn, times: turn.times - 1 };
      else if (!turn.forever) turns.splice(i, 1);
      const reply = turn.error ? [{ error: turn.error }] : typeof turn.reply === "string" ? [{ text: turn.reply }] : turn.reply;
      return { source: "scenario", steps: reply.flatMap((s) => (s.do ? (answersFor(s.do, req)[0] ?? [{ text: s.do }]) : [s])) };
    }
    if (req.schema) return { source: "schema", steps: [{ text: JSON.stringify(sample(req.schema)) }] };
    if (req.aux) return { source: "aux", steps: [{ text: `About ${req.user.split(/\s+/).slice(0, 5).join(" ")}` }] };
    return { source: "default", steps: defaultAnswer(req) };
  }

  /** "fail 500 x2" fails twice for one conversation and then lets it go on. */
  function exhausted(error, req) {
    if (!error.times) return false;
    const key = createHash("sha256")
      .update(JSON.stringify([req.api, req.user, req.index]))
      .digest("hex");
    const seen = failures.get(key) ?? 0;
    failures.set(key, seen + 1);
    return seen >= error.times;
  }

  return {
    decide,
    exhausted,
    get turns() {
      return turns;
    },
    set(next) {
      turns = [...(next?.turns ?? [])];
    },
    reset() {
      turns = [];
      failures.clear();
    },
  };
}

/** The smallest value that fits a JSON schema, for helper requests that want structured output. */
function sample(schema, name = "") {
  if (!schema) return null;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const type = String(Array.isArray(schema.type) ? schema.type[0] : (schema.type ?? "object")).toLowerCase();
  if (type === "object") return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([k, v]) => [k, sample(v, k)]));
  if (type === "array") return [];
  if (type === "boolean") return false;
  if (type === "number" || type === "integer") return 1;
  return name ? `fake ${name}` : "fake";
}
