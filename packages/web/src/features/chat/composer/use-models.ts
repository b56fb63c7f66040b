/** Models on offer: what the session's capabilities name at once, what the agent itself names when the picker opens. */
import { useEffect, useState } from "react";
import { capability, type Session } from "@hapi/protocol";
import { ignore } from "../../../ground/ignore.ts";
import { usePort } from "../chat-context.tsx";

export interface ModelChoice {
  id: string;
  name: string;
}

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
