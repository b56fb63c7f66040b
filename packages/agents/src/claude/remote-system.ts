/** The `system` lines of a driven Claude's output: what it is and offers, its mode, its title, and what it does now. */
import type { Core } from "./core.ts";
import { type Json, str, strings } from "./json.ts";
import type { RemoteBusy } from "./remote-busy.ts";
import type { RemoteRequests } from "./remote-requests.ts";
import type { RemoteWords } from "./remote-words.ts";
import { SYSTEM } from "./vocabulary/system.ts";
import { type Named, wordOf } from "./vocabulary/words.ts";

export interface RemoteSystemParts {
  core: Core;
  said: RemoteWords;
  busy: RemoteBusy;
  visited: RemoteRequests["visited"];
}

type Reader = (line: Json) => Promise<void> | void;

export function createRemoteSystem({ core, said, busy, visited }: RemoteSystemParts): Reader {
  const { context } = core;
  let saidFacts = false;

  async function onInit(line: Json): Promise<void> {
    noteMode(core, line);
    await followThread(core, line);
    if (!saidFacts) context.emit({ type: "facts", ...factsOf(line) });
    saidFacts = true;
  }

  /** `transcript only` subtypes never stand on stdout. */
  const readers: Readonly<Record<Named<typeof SYSTEM, "used">, Reader | "transcript only">> = {
    init: onInit,
    status(line) {
      noteMode(core, line);
      if (line["status"] === "requesting") busy.set(true);
      said.status(line);
    },
    session_title_changed(line) {
      const title = str(line["title"]);
      if (title) context.emit({ type: "title", title });
    },
    elicitation_complete: visited,
    background_tasks_changed: (line) => core.background.tasksChanged(line),
    // For the hint alone, which every line passes.
    api_retry: () => undefined,
    local_command: "transcript only",
    turn_duration: "transcript only",
    api_error: "transcript only",
  };

  return (line) => {
    const subtype = line["subtype"];
    const word = wordOf(SYSTEM, subtype);
    if (!word) return said.unknown("system", subtype, line);
    if (word.fate === "shown") return said.system(line);
    const read = word.fate === "used" ? readers[subtype as keyof typeof readers] : undefined;
    if (typeof read === "function") return read(line);
  };
}

/** `/clear` changes the id of the conversation. */
export async function followThread(core: Core, line: Json): Promise<void> {
  const id = str(line["session_id"]);
  if (id && id !== core.thread?.id) await core.useThread(id);
}

function noteMode({ setMode }: Core, line: Json): void {
  const mode = str(line["permissionMode"]);
  if (mode !== undefined) setMode(mode);
}

function factsOf(line: Json): { tools: string[]; slashCommands: string[]; version?: string } {
  const version = str(line["claude_code_version"]);
  return {
    tools: strings(line["tools"]),
    slashCommands: strings(line["slash_commands"]),
    ...(version === undefined ? {} : { version }),
  };
}
