/** Models on offer: what the session's capabilities name at once, what the agent itself names when the picker opens. */
import { useEffect, useState } from "react";
import { capability, type ModelChoice, type Session } from "@hapi/protocol";
import { ignore } from "../../../ground/ignore.ts";
import { usePort } from "../chat-context.tsx";

export function useModels(session: Session, wanted: boolean): readonly ModelChoice[] {
  const { actions } = usePort();
  const [own, setOwn] = useState<readonly ModelChoice[] | null>(null);
  useEffect(() => {
    if (!wanted) return;
    let alive = true;
    ignore(
      actions.models().then((list) => alive && list.length > 0 && setOwn(list)),
      "the agent gave no list; the names its driver knows stay",
    );
    return () => {
      alive = false;
    };
  }, [wanted, actions]);
  const offered = own ?? capability(session.metadata, "models") ?? [];
  const current = session.model;
  return current && !offered.some((model) => model.id === current) ? [{ id: current, name: current }, ...offered] : offered;
}

/** Of the model in force; where nobody chose one, of the first that has a choice: it is the agent's own. */
export function effortsOf(models: readonly ModelChoice[], model: string | null | undefined): readonly string[] {
  const inForce = models.find(({ id }) => id === model) ?? models.find(({ efforts }) => (efforts?.length ?? 0) > 0);
  return inForce?.efforts ?? [];
}
