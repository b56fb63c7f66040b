/**
 * Faults of the kind that a session with a terminal must not have, one per plant, put in between the driver and its machine, its session and its
 * memory. The checker must find each.
 */
import type { AgentDriver, DriverEvent } from "@hapi/agents";
import type { HostControl } from "@hapi/host";
import { changed } from "./changed.ts";
import { sayingYes, withConversation, withEmit } from "./claude-plants.ts";
import type { Plant } from "./plants.ts";

type Change = (driver: AgentDriver) => AgentDriver;

/** What waited in the terminal when it was left is not told. */
const silentLeaving: Change = withEmit((event, emit) => {
  if (event.type !== "unsent") emit(event);
});

/** Nothing is ever at work in the terminal. */
const neverBusy: Change = withConversation((conversation) => ({
  get busy() {
    return conversation.front === "remote" && conversation.busy;
  },
}));

/** Something is always at work there. */
const alwaysBusy: Change = withConversation((conversation) => ({
  get busy() {
    return conversation.front === "local" || conversation.busy;
  },
}));

/** Whoever is driven is started twice. */
const startingTwice: Change = (driver) =>
  changed(driver, {
    open(context) {
      const { host } = context;
      const spawn: HostControl["spawn"] = async (spec) => {
        if (spec.kind === "pipe") await host.spawn({ ...spec, launchId: `${spec.launchId}-again` });
        return await host.spawn(spec);
      };
      return driver.open(changed(context, { host: changed(host, { spawn }) }));
    },
  });

/** The end of a turn in the terminal is not told. */
function losingTerminalEnds(): Change {
  let ends = 0;
  return withEmit((event, emit, context) => {
    if (isEnd(event) && context.host.processes().some(({ kind }) => kind === "pty") && ++ends % 2 === 0) return;
    emit(event);
  });
}

const isEnd = (event: DriverEvent): boolean => event.type === "record" && event.event.type === "turn-ended";

/** A line that was typed is told again, as another one. */
const typedTwice: Change = withEmit((event, emit) => {
  emit(event);
  if (event.type === "record" && event.event.type === "user-message" && event.event.origin === "terminal")
    emit({ ...event, key: `${event.key}:again`, event: { ...event.event, id: `${event.event.id}:again` } });
});

/** That a request is over is not told. */
const askingForEver: Change = withEmit((event, emit) => {
  if (event.type !== "request-closed" || !event.id.startsWith("hook-")) emit(event);
});

const driver = (change: Change): Plant["plants"] => ({ driver: change });

export const TERMINAL_PLANTS: readonly Plant[] = [
  { name: "what waited in the terminal when it was left is not told", plants: driver(silentLeaving), from: 2, shows: ["words-lost"] },
  { name: "a prompt from afar breaks off what runs in the terminal", plants: driver(neverBusy), from: 32, shows: ["turn-broken-off"] },
  { name: "a prompt waits for a terminal that is never free", plants: driver(alwaysBusy), from: 2, shows: ["prompt-not-settled"] },
  { name: "the agent is started twice", plants: driver(startingTwice), shows: ["agents-together"] },
  { name: "the end of a turn in the terminal is not told", plants: driver(losingTerminalEnds()), from: 2, shows: ["turn-unended"] },
  { name: "a line that was typed is told twice", plants: driver(typedTwice), from: 2, shows: ["prompt-doubled"] },
  { name: "a denial at the keyboard is told as an approval", plants: driver(sayingYes), from: 6, shows: ["answer-untrue"] },
  { name: "a request that is over is shown for ever", plants: driver(askingForEver), from: 6, shows: ["answer-untrue"] },
];
