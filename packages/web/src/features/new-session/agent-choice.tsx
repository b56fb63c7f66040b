/** The agents this machine has. Those that are not installed are shown with the reason, so that nobody wonders. */
import "../../i18n/list.ts";
import { useEffect, useRef, useState } from "react";
import { errorText } from "../../i18n/error-words.ts";
import { useT } from "../../i18n/index.ts";
import { machineActions } from "../../sync/machine-actions.ts";
import { useSessions } from "../../sync/store.ts";
import { Button } from "../../ui/button.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { agentName } from "../../i18n/names.model.ts";
import { firstAgent, installedFirst, type Agent } from "./new-session.model.ts";

type Loaded = { kind: "loading" } | { kind: "ready"; agents: readonly Agent[] } | { kind: "failed"; reason: string };

interface AgentChoiceProps {
  machineId: string;
  machineName: string;
  chosen: string;
  onChoose: (agent: Agent | undefined) => void;
}

export function AgentChoice({ machineId, machineName, chosen, onChoose }: AgentChoiceProps) {
  const t = useT();
  const sessions = useSessions();
  const [loaded, setLoaded] = useState<Loaded>({ kind: "loading" });
  const [attempt, setAttempt] = useState(0);
  // only helps to choose the first agent: its changes must not ask the machine again
  const choose = useRef((_agents: readonly Agent[]): void => undefined);
  choose.current = (agents) => {
    const lastUsed = sessions.toSorted((a, b) => b.updatedAt - a.updatedAt).find((summary) => summary.metadata?.machineId === machineId);
    onChoose(firstAgent(agents, lastUsed?.metadata?.flavor ?? undefined));
  };

  useEffect(() => {
    let current = true;
    setLoaded({ kind: "loading" });
    machineActions.agents(machineId).then(
      (agents) => {
        if (!current) return;
        setLoaded({ kind: "ready", agents });
        choose.current(agents);
      },
      (error: unknown) => current && setLoaded({ kind: "failed", reason: errorText(error) }),
    );
    return () => {
      current = false;
    };
  }, [machineId, attempt]);

  return (
    <fieldset>
      <legend className="mb-1 text-small font-strong">{t("new.agent")}</legend>
      {loaded.kind === "loading" && <Skeleton lines={2} />}
      {loaded.kind === "failed" && (
        <div className="flex flex-wrap items-center gap-2">
          <p role="alert" className="text-failed">
            {t("new.agent.failed", { machine: machineName, reason: loaded.reason })}
          </p>
          <Button onClick={() => setAttempt(attempt + 1)}>{t("action.retry")}</Button>
        </div>
      )}
      {loaded.kind === "ready" && (
        <div className="grid grid-cols-2 gap-2 desk:grid-cols-3">
          {installedFirst(loaded.agents).map((agent) => (
            <AgentOption key={agent.agent} agent={agent} machineName={machineName} chosen={agent.agent === chosen} onChoose={onChoose} />
          ))}
        </div>
      )}
    </fieldset>
  );
}

interface AgentOptionProps {
  agent: Agent;
  machineName: string;
  chosen: boolean;
  onChoose: (agent: Agent | undefined) => void;
}

function AgentOption({ agent, machineName, chosen, onChoose }: AgentOptionProps) {
  const t = useT();
  return (
    <label className="relative flex min-h-14 cursor-pointer flex-col justify-center rounded-card border border-edge px-3 py-2 has-checked:border-accent has-checked:bg-accent-wash has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent has-disabled:cursor-default has-disabled:border-line">
      <input
        type="radio"
        name="agent"
        value={agent.agent}
        checked={chosen}
        disabled={!agent.available}
        onChange={() => onChoose(agent)}
        className="sr-only"
      />
      <span className={agent.available ? "font-strong" : "text-quiet"}>{agent.name ?? agentName(agent.agent)}</span>
      <span className="truncate text-small text-quiet">
        {agent.available ? (agent.version ?? "") : t("new.agent.missing", { machine: machineName })}
      </span>
    </label>
  );
}
