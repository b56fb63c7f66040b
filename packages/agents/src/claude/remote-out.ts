/**
 * Lines of a driven Claude's stdout: requests, live text, and how turns end. The durable words come from the transcript; a `result` waits until
 * the transcript has caught up, so the end of a turn stands after its last word. Lines are handled strictly one after the other.
 */
import type { ByteLine } from "../shared/byte-lines.ts";
import { createCatchUp } from "./catch-up.ts";
import type { Control } from "./control.ts";
import type { Core } from "./core.ts";
import { type Json, parseJson, str } from "./json.ts";
import type { LiveText } from "./live-text.ts";
import { createRemoteBusy } from "./remote-busy.ts";
import { createRemoteRequests, type RemoteRequestParts } from "./remote-requests.ts";
import { createRemoteResults } from "./remote-result.ts";
import { createRemoteSystem, followThread } from "./remote-system.ts";
import { createRemoteWords } from "./remote-words.ts";
import { commitMarks } from "./state.ts";
import { MESSAGES } from "./vocabulary/messages.ts";
import { type Named, wordOf } from "./vocabulary/words.ts";

export interface RemoteOut {
  handle(line: ByteLine): Promise<void>;
  /** While an old stretch is read again: nothing live is said. */
  replaying: boolean;
  readonly busy: boolean;
  /** Resolves when no turn runs. */
  idle(): Promise<void>;
  /** The process is gone: tells what it said and did not write down. */
  flush(): Promise<void>;
  /** Another session process reads on. */
  close(): void;
}

export interface RemoteOutOptions {
  core: Core;
  launchId: string;
  control: Control;
  live: LiveText;
  busy: boolean;
  refuse: RemoteRequestParts["refuse"];
  reply: RemoteRequestParts["reply"];
  onCompleted(): void;
  /** The process is being ended: nothing is waited for any longer. */
  hurry(): boolean;
  /** Read offset up to which stdout may be forgotten, once this is durable. */
  onTurnEnd(offset: number): Promise<void>;
}

export function createRemoteOut(options: RemoteOutOptions): RemoteOut {
  const { core, launchId, control, live, refuse, reply, onCompleted, onTurnEnd } = options;
  const { context, prompts } = core;
  const said = createRemoteWords({ context, feed: () => core.feed });
  const busy = createRemoteBusy(options.busy, core.setThinking);
  const words = createCatchUp({ core, launchId, hurry: options.hurry });
  const requests = createRemoteRequests({ core, launchId, control, said, refuse, reply, replaying: () => busy.replaying });
  const results = createRemoteResults({ core, launchId, live, busy, words, onCompleted, onTurnEnd });

  async function onLifecycle(line: Json): Promise<void> {
    const uuid = str(line["command_uuid"]) ?? "";
    if (line["state"] === "started") {
      prompts.begun(uuid);
      results.begun(uuid);
      busy.set(true);
    }
    if (line["state"] !== "cancelled") return;
    // Taken back before it began. A prompt of a failed or interrupted turn was ended by its result.
    results.dropped(uuid);
    prompts.cancelled(uuid);
    await commitMarks(context, prompts.mark());
  }

  async function handle(line: ByteLine): Promise<void> {
    const json = parseJson(line.text);
    if (!json) {
      context.log.debug("claude.stdout_not_json", { sample: line.text.slice(0, 200) });
      return;
    }
    results.hint(json);
    const word = wordOf(MESSAGES, json["type"]);
    if (!word) return said.unknown("message", json["type"], json);
    if (word.fate !== "ignored") await readers[json["type"] as keyof typeof readers](json, line.end);
  }

  const readers: Readonly<Record<Named<typeof MESSAGES, "shown" | "used">, (line: Json, after: number) => Promise<void> | void>> = {
    control_request: requests.asked,
    control_response: requests.answered,
    control_cancel_request: requests.canceled,
    command_lifecycle: onLifecycle,
    system: createRemoteSystem({ core, said, busy, visited: requests.visited }),
    stream_event(line) {
      const delta = live.read(line);
      if (delta && !busy.replaying) context.emit({ type: "stream", delta });
    },
    // The words come from the transcript; the end of the turn waits until it has these lines.
    assistant: words.heard,
    user: words.heard,
    async result(line, after) {
      await followThread(core, line);
      await results.onResult(line, after);
    },
    auth_status: said.auth,
    // The transcript of the new conversation says it; the next message has its id.
    conversation_reset: () => undefined,
    // For the hint alone, which every line passes.
    rate_limit_event: () => undefined,
  };

  return {
    handle,
    flush: words.flush,
    close: words.close,
    get replaying() {
      return busy.replaying;
    },
    set replaying(next) {
      busy.replaying = next;
    },
    get busy() {
      return busy.now;
    },
    idle: busy.idle,
  };
}

export function outMark(context: Core["context"], launchId: string, offset: number, busy: boolean): Promise<void> {
  return commitMarks(context, { "claude.out": { launchId, offset, busy } });
}
