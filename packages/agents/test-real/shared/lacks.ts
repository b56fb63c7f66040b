/** What shows that an agent does not offer something: the tools it gives its model, as the scripted model server saw them. */
import type { FakeModels } from "@hapi/testkit";
import type { World } from "../../src/contract/world.ts";

/** Throws unless the model was offered `some` and none of `none`. */
export async function toolsOffered(world: World, fake: () => FakeModels, some: readonly string[], none: readonly string[]): Promise<void> {
  await world.untilEnd(await world.prompt("say: what can you do"));
  const offered = fake().requests.findLast((request) => request.op === "answer" && !request.aux)?.tools ?? [];
  if (offered.length === 0) throw new Error("no tools were offered at all");
  for (const name of some) if (!offered.includes(name)) throw new Error(`${name} is not offered: ${offered.join(", ")}`);
  for (const name of none) if (offered.includes(name)) throw new Error(`${name} is offered`);
}

/** Throws where one of its models can be told how hard to think. */
export async function noEffort(world: World): Promise<void> {
  const models = await world.conversation.listModels();
  const choice = models.find(({ efforts }) => efforts !== undefined);
  if (choice) throw new Error(`${choice.id} offers ${choice.efforts?.join(", ")}`);
}
