/** What two people do: they send, plan, take back, answer what is asked, and send again what nobody could tell them of. */
import { SESSION } from "./machine.ts";
import type { Person } from "./person.ts";
import type { Chance } from "./random.ts";
import type { VirtualTime } from "./time.ts";

export interface PeopleOptions {
  people: readonly Person[];
  plan: Chance;
  chance: Chance;
  time: VirtualTime;
  /** Nothing is sent in the last twenty seconds before. */
  stormMs: number;
  /** How they press Stop; absent: they do not. */
  stops?: Chance | undefined;
  tell(what: string): void;
}

export function planPeople({ people, plan, chance, time, stormMs, stops, tell }: PeopleOptions): void {
  let sent = 0;
  const send = (person: Person, scheduledInMs?: number): void => {
    // One can only write to a session that one has seen.
    if (!person.isOpen || !person.sync.state.summaries[SESSION]) return;
    const text = `say ${person.name} ${++sent}`;
    tell(`${person.name} sends "${text}"${scheduledInMs === undefined ? "" : ` for ${scheduledInMs} ms later`}`);
    void person.send(text, scheduledInMs);
  };
  const plannedSends = plan.between(2, 5);
  for (let n = 0; n < plannedSends; n++) {
    const person = plan.pick(people);
    const scheduled = plan.is(0.12) ? plan.between(500, 15_000) : undefined;
    const at = plan.between(0, stormMs - 20_000);
    time.after(at, () => send(person, scheduled));
    if (plan.is(0.25)) {
      const next = at + plan.between(50, 1_500);
      time.after(next, () => send(person));
      time.after(next + plan.pick([30, 100, 400, 1_500]), () => {
        if (!person.isOpen) return;
        tell(`${person.name} wants the last prompt in the turn that runs`);
        person.steerLast();
      });
    }
    if (plan.is(0.2)) {
      time.after(at + plan.pick([1, 5, 20, 100, 1_000, 5_000]), () => {
        if (!person.isOpen) return;
        tell(`${person.name} takes the last prompt back`);
        void person.cancelLast();
      });
    }
  }
  for (let n = stops?.pick([0, 0, 1, 3]) ?? 0; n > 0; n--) {
    const person = stops?.pick(people);
    time.after(stops?.between(0, stormMs - 15_000) ?? 0, () => {
      if (!person?.isOpen) return;
      tell(`${person.name} stops the turn`);
      // Also what is sent while it is on its way: nobody can tell.
      person.stopTurn(() => {
        for (const { prompts } of people) for (const prompt of prompts) prompt.cancel ??= "wanted";
      });
    });
  }
  const busy = (person: Person): void => {
    time.after(chance.fork("hands").between(300, 2_500), () => {
      person.answerOpen();
      if (plan.is(0.3)) person.sendUnknownAgain();
      busy(person);
    });
  };
  for (const person of people) busy(person);
}
