/** Where, in which directory, with which agent. Mode and model are there but already have a value. */
import "../../i18n/screens.ts";
import { useMemo, useRef, useState, type SyntheticEvent } from "react";
import { go } from "../../ground/go.ts";
import type { ScreenProps } from "../../ui/lazy-screen.tsx";
import { Screen } from "../screen/screen.tsx";
import { useT } from "../../i18n/index.ts";
import { machineActions } from "../../sync/machine-actions.ts";
import { useMachines, useSessions } from "../../sync/store.ts";
import { Button } from "../../ui/button.tsx";
import { Select } from "../../ui/field.tsx";
import { machineName } from "../../i18n/names.model.ts";
import { AgentChoice } from "./agent-choice.tsx";
import { DirectoryField } from "./directory-field.tsx";
import { ModeAndModel } from "./mode-and-model.tsx";
import { NoMachine } from "./no-machine.tsx";
import { choiceOf, firstMachine, fullPath, problemOf, recentDirectories, type Form } from "./new-session.model.ts";
import { newId } from "../../ground/new-id.ts";

interface Preset {
  machine: string;
  directory: string;
}

const PROBLEMS = {
  machine: "new.problem.machine",
  directory: "new.problem.directory",
  relative: "new.problem.relative",
  agent: "new.problem.agent",
} as const;

export const NewSessionScreen = ({ search }: ScreenProps) => <NewSession key={search.toString()} search={search} />;

function NewSession({ search }: Pick<ScreenProps, "search">) {
  const t = useT();
  const machines = useMachines();
  const sessions = useSessions();
  const machine = search.get("machine") ?? undefined;
  const online = useMemo(() => Object.values(machines).filter((candidate) => candidate.active), [machines]);
  const first = useRef("");
  if (first.current === "") first.current = firstMachine(online, sessions, machine);
  return (
    <Screen title={t("new.title")} back="/">
      {online.length === 0 && <NoMachine />}
      {first.current !== "" && (
        // what was entered outlives a machine that goes away for a moment, and is not begun anew for one that comes
        <div hidden={online.length === 0}>
          <NewSessionForm preset={{ machine: first.current, directory: search.get("directory") ?? "" }} />
        </div>
      )}
    </Screen>
  );
}

function NewSessionForm({ preset }: { preset: Preset }) {
  const t = useT();
  const machines = useMachines();
  const sessions = useSessions();
  const [form, setForm] = useState<Form>(() => ({
    machineId: preset.machine,
    directory: preset.directory || (recentDirectories(sessions, preset.machine)[0] ?? machines[preset.machine]?.metadata?.homeDir ?? ""),
    ...choiceOf(undefined),
  }));
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  // The same press twice, or a press repeated after a lost answer, starts one session.
  const launchId = useRef(newId());
  const machine = machines[form.machineId];
  const name = machineName(machine) ?? form.machineId;
  const change = (part: Partial<Form>): void => {
    setForm((before) => ({ ...before, ...part }));
    setProblem(null);
    launchId.current = newId();
  };

  const submit = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    const missing = problemOf(form);
    if (missing) return setProblem(t(PROBLEMS[missing]));
    setBusy(true);
    const result = await machineActions.spawn(form.machineId, {
      directory: fullPath(form.directory, machine?.metadata?.homeDir),
      agent: form.agent,
      launchId: launchId.current,
      ...(form.mode && form.mode !== form.modes[0] ? { permissionMode: form.mode } : {}),
      ...(form.model.trim() ? { model: form.model.trim() } : {}),
    });
    setBusy(false);
    if (result.kind === "started") go.sessionInstead(result.sessionId);
    else setProblem(t("new.failed", { reason: result.reason }));
  };

  return (
    <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-5">
      <Select
        label={t("new.machine")}
        value={form.machineId}
        onChange={(event) => change({ machineId: event.target.value, ...choiceOf(undefined) })}
      >
        {Object.values(machines)
          .filter((candidate) => candidate.active || candidate.id === form.machineId)
          .map((candidate) => (
            <option key={candidate.id} value={candidate.id}>
              {machineName(candidate) ?? candidate.id}
            </option>
          ))}
      </Select>
      <DirectoryField machine={machine} value={form.directory} onChange={(value) => change({ directory: value })} />
      <AgentChoice machineId={form.machineId} machineName={name} chosen={form.agent} onChoose={(agent) => change(choiceOf(agent))} />
      <ModeAndModel form={form} onChange={change} />
      <div aria-live="polite">
        {problem && (
          <p role="alert" className="rounded-control bg-failed-wash px-3 py-2 text-failed wrap-any">
            {problem}
          </p>
        )}
      </div>
      <Button type="submit" tone="primary" busy={busy} className="desk:self-start">
        {t("new.submit")}
      </Button>
    </form>
  );
}
