/**
 * Faults of the kind the product must not have, one per plant, put in where its parts meet. The checker must find each; what it can't find it
 * does not check.
 */
import type { SessionLink } from "@hapi/client/link";
import type { Ledger } from "@hapi/machine";
import { type Sqlite, systemClock } from "@hapi/platform";
import type { Violation } from "@hapi/testkit";
import type { Stores } from "../../packages/hub/src/stores.ts";
import { changed } from "./changed.ts";
import type { Plants } from "./world.ts";

export interface Plant {
  name: string;
  plants: Plants;
  /** A seed near which it shows, to begin with. */
  from?: number;
  /** Any of these says that it was found. */
  shows: readonly Violation["kind"][];
}

/** COMMIT is answered at once and done later. */
function lateCommits(db: Sqlite, clock = systemClock): Sqlite {
  const delayMs = 400;
  let isOpen = false;
  let isPlanned = false;
  const commit = (): void => {
    isPlanned = false;
    if (!isOpen || !db.inTransaction) return;
    isOpen = false;
    db.run("COMMIT");
  };
  return changed(db, {
    get inTransaction() {
      return false;
    },
    run(sql, ...params) {
      const nothing = { changes: 0, lastInsertRowid: 0 };
      if (sql === "BEGIN IMMEDIATE" && isOpen) return nothing;
      if (sql === "BEGIN IMMEDIATE") isOpen = true;
      if (sql !== "COMMIT") return db.run(sql, ...params);
      if (!isPlanned) clock.setTimer(delayMs, commit);
      isPlanned = true;
      return nothing;
    },
  });
}

/** What a session process had done is gone with it: it is told only when it is over. `remember`: what is left of a driver's mark. */
export const forgettingHandings =
  (remember: (key: string, value: unknown) => unknown) =>
  (ledger: Ledger): Ledger => {
    return changed(ledger, {
      write(...entries) {
        const kept = entries.filter((entry) => entry.k !== "stage" || (entry.stage !== "handing" && entry.stage !== "handed"));
        for (const entry of entries) {
          const prompt = entry.k === "stage" ? ledger.state.prompts.get(entry.localId) : undefined;
          if (prompt && entry.k === "stage" && !kept.includes(entry)) Object.assign(prompt, { stage: entry.stage, stageAt: entry.at });
        }
        return kept.length > 0 ? ledger.write(...kept) : Promise.resolve();
      },
      memory: {
        get: <T>(key: string) => remember(key, ledger.memory.get(key)) as T | undefined,
        commit: (values) => ledger.memory.commit(values),
      },
    });
  };

/** What went into a running turn stays in the queue as well. */
function queueKeepsSteered(ledger: Ledger): Ledger {
  const { prompts } = ledger.state;
  return changed(ledger, {
    async write(...entries) {
      await ledger.write(...entries);
      for (const entry of entries) {
        const prompt = entry.k === "stage" && entry.stage === "handed" ? prompts.get(entry.localId) : undefined;
        const hasTurn = [...prompts.values()].some(
          (other) => other !== prompt && (other.stage === "in-transcript" || other.stage === "started"),
        );
        if (prompt && hasTurn) prompt.stage = "queued";
      }
    },
  });
}

/** The session says that it took the prompt back, and did not. */
function carelessCancel(link: SessionLink): SessionLink {
  return changed(link, {
    on(event, listener) {
      if (event !== "update") return link.on(event, listener);
      return link.on("update", (body) =>
        body.t === "cancel-queued-message" ? { removed: true } : (listener as (body: unknown) => unknown)(body),
      );
    },
  });
}

/** The session confirms a prompt that it then does not look at. */
function lookingAway(link: SessionLink): SessionLink {
  return changed(link, {
    on(event, listener) {
      if (event !== "update") return link.on(event, listener);
      return link.on("update", (body) => (body.t === "new-message" ? { ok: true } : (listener as (body: unknown) => unknown)(body)));
    },
  });
}

/** The session does not say which prompts its agent was given and has not begun with. */
function untoldGiven(link: SessionLink): SessionLink {
  return changed(link, {
    updateState: (expected, state) => link.updateState(expected, { ...(state as object), given: undefined }),
  });
}

/** What is said again comes under another key. */
function newKeys(link: SessionLink): SessionLink {
  let sent = 0;
  return changed(link, {
    sendMessage: (message) => link.sendMessage({ ...message, key: `${message.key}#${sent++}.${message.createdAt}` }),
  });
}

const storesWith = (change: (stores: Stores) => Partial<Stores>) => (stores: Stores) => ({ ...stores, ...change(stores) });

export const PLANTS: readonly Plant[] = [
  {
    name: "acknowledged before the commit",
    plants: { sqlite: (db, clock) => lateCommits(db, clock) },
    shows: ["prompt-lost", "output-lost"],
  },
  {
    name: "acknowledged before the disk has it",
    plants: { stores: storesWith(() => ({ durable: () => Promise.resolve() })) },
    shows: ["prompt-lost", "output-lost"],
  },
  {
    name: "repeated keys are stored again",
    plants: {
      stores: storesWith(({ messages }) => ({
        messages: changed(messages, {
          append: (id, row) =>
            messages.append(id, { ...row, key: row.key === undefined ? undefined : `${row.key}#${crypto.randomUUID()}` }),
        }),
      })),
    },
    shows: ["event-doubled", "output-doubled"],
  },
  {
    name: "what is sent again has a new key",
    plants: { link: newKeys },
    shows: ["event-doubled", "output-doubled"],
  },
  {
    name: "the cursor of a client's events is off by one",
    plants: {
      stores: storesWith(({ log }) => ({
        log: changed(log, { after: (namespace, seq, limit) => log.after(namespace, seq + 1, limit) }),
      })),
    },
    shows: ["view-differs"],
  },
  {
    name: "a prompt of unknown fate is sent again by itself",
    plants: { guess: "absent" },
    shows: ["prompt-ran-twice"],
  },
  {
    name: "handing is written down after the fact",
    plants: { ledger: forgettingHandings((key, value) => (key === "acp.handed" ? undefined : value)) },
    shows: ["prompt-ran-twice"],
  },
  {
    name: "a steered prompt is run from the queue as well",
    plants: { ledger: queueKeepsSteered },
    shows: ["prompt-ran-twice"],
  },
  {
    name: "an answer is given again after a restart",
    plants: { hostForgetsInputs: true },
    shows: ["approval-doubled", "prompt-ran-twice"],
  },
  {
    name: "confirmed, and not looked at",
    plants: { link: lookingAway },
    shows: ["prompt-forgotten"],
  },
  {
    name: "nobody hears that a session with waiting prompts can be started",
    plants: { stores: storesWith(({ messages }) => ({ messages: changed(messages, { waitingToWake: async () => [] }) })) },
    shows: ["prompt-forgotten"],
  },
  {
    name: "handed to an agent that never begins, and nobody watches that",
    plants: { agentSwallowsPrompts: true, link: untoldGiven },
    shows: ["prompt-forgotten"],
  },
  {
    name: "taken back only in words",
    plants: { link: carelessCancel },
    shows: ["prompt-ran-after-cancel"],
  },
];
