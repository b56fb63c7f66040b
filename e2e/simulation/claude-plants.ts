/**
 * Faults of the kind the Claude driver must not have, one per plant, put in between it and its machine, its session and its memory. The checker must
 * find each.
 */
import type { AgentDriver, Conversation, DriverContext, DriverEvent } from "@hapi/agents";
import { changed } from "./changed.ts";
import { forgettingHandings, type Plant } from "./plants.ts";

type Marks = Record<string, unknown>;

export const withEmit =
  (change: (event: DriverEvent, emit: (event: DriverEvent) => void, context: DriverContext) => void) =>
  (driver: AgentDriver): AgentDriver =>
    changed(driver, { open: (context) => driver.open(changed(context, { emit: (event) => change(event, context.emit, context) })) });

const withCommits =
  (change: (values: Marks, context: DriverContext) => Marks) =>
  (driver: AgentDriver): AgentDriver =>
    changed(driver, {
      open(context) {
        const { memory } = context;
        const emit = (event: DriverEvent): void =>
          context.emit("checkpoint" in event && event.checkpoint ? { ...event, checkpoint: change(event.checkpoint, context) } : event);
        return driver.open(
          changed(context, {
            emit,
            memory: { get: (key) => memory.get(key), commit: (values) => memory.commit(change(values, context)) },
          }),
        );
      },
    });

export const withConversation =
  (change: (conversation: Conversation, context: DriverContext) => Partial<Conversation>) =>
  (driver: AgentDriver): AgentDriver =>
    changed(driver, {
      open(context) {
        const conversation = driver.open(context);
        return changed(conversation, change(conversation, context));
      },
    });

/** A line in so many is not told. */
function dropping(): (driver: AgentDriver) => AgentDriver {
  let words = 0;
  return withEmit((event, emit) => {
    if (event.type === "record" && event.event.type === "agent-message" && ++words % 5 === 0) return;
    emit(event);
  });
}

/** What was handed and has not begun is not in the driver's memory. */
const withoutPending = (key: string, value: unknown): unknown =>
  key === "claude.prompts" && value !== undefined ? { ...(value as object), pending: [] } : value;

/** Read further than was told. */
const readingAhead = withCommits((values) => {
  const tail = values["claude.tail"] as { offset: number } | undefined;
  return tail ? { ...values, "claude.tail": { ...tail, offset: tail.offset + 400 } } : values;
});

/** An end in so many, which the output had, is not told. */
function losingEnds(): (driver: AgentDriver) => AgentDriver {
  let ends = 0;
  return withEmit((event, emit) => {
    if (event.type === "record" && event.event.type === "turn-ended" && ++ends % 3 === 0) return;
    emit(event);
  });
}

/** Whatever was answered, it is told as allowed, and at once. */
export const sayingYes = withEmit((event, emit) => {
  emit(event.type === "request-closed" && event.outcome === "denied" ? { ...event, outcome: "approved" } : event);
});

/** The hook says that a turn is over, and that is taken for its end. */
function hookEndsTurn(driver: AgentDriver): AgentDriver {
  let turn: string | null = null;
  const watched = withEmit((event, emit) => {
    if (event.type === "record" && event.event.type === "turn-started") turn = event.event.id;
    emit(event);
  })(driver);
  return withConversation((conversation, context) => ({
    async onHook(payload, signal) {
      const isStop = (payload as { hook_event_name?: string }).hook_event_name === "Stop";
      if (isStop && turn !== null) {
        const id = `${turn}:hook`;
        context.emit({ type: "record", key: id, event: { type: "turn-ended", id, outcome: "completed" } });
        turn = null;
      }
      return await conversation.onHook?.(payload, signal);
    },
  }))(watched);
}

/** A turn without a word is done, as Claude said. */
const believing = withEmit((event, emit) => {
  emit(
    event.type === "stage" && event.stage === "failed" && event.failure?.code === "unknown"
      ? { type: "stage", localId: event.localId, stage: "done" }
      : event,
  );
});

export const CLAUDE_PLANTS: readonly Plant[] = [
  { name: "a line of the record is not told", plants: { driver: dropping() }, shows: ["output-lost"] },
  {
    name: "handing is written down after the fact",
    plants: { ledger: forgettingHandings(withoutPending) },
    shows: ["prompt-ran-twice", "prompt-not-settled"],
  },
  {
    name: "the record's offset is ahead of what was told",
    plants: { driver: readingAhead },
    shows: ["output-lost", "turn-unended", "row-outside-turn", "prompt-not-settled"],
  },
  { name: "the end of a turn is not told", plants: { driver: losingEnds() }, shows: ["turn-unended"] },
  { name: "a denial is told as an approval", plants: { driver: sayingYes }, shows: ["answer-untrue"] },
  { name: "the hook ends a turn before its record does", plants: { driver: hookEndsTurn }, shows: ["row-outside-turn"] },
  { name: "a turn without a word is told as done", plants: { driver: believing }, shows: ["stage-untrue"] },
];
