/** What a person can choose is what Codex says; where it does not say it, that is told, and not an empty list. */
import { expect, test } from "bun:test";
import { openScripted } from "./scripted.case.ts";

test("a list of models that fails is in the log, and who asks for it hears why; the next time it is asked again", async () => {
  const codex = openScripted();
  codex.answers["model/list"] = () => ({ error: { code: -32000, message: "the catalogue is away" } });
  await codex.conversation.adopt();
  const refused = await codex.conversation.listModels().catch((cause: unknown) => cause);
  expect(refused).toMatchObject({ code: "apply_failed", message: "Codex did not say which models it has: the catalogue is away" });
  expect(codex.warnings).toContain("codex.models_unknown");
  codex.answers["model/list"] = () => ({ result: { data: [{ model: "m1", displayName: "M 1" }] } });
  expect(await codex.conversation.listModels()).toEqual([{ id: "m1", name: "M 1" }]);
});
