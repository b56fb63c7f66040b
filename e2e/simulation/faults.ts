/** What goes wrong in a world, one at a time. How long it lasts and whom it hits are the plan's. */
import type { SimMachine } from "./machine.ts";
import type { Person } from "./person.ts";
import type { Chance } from "./random.ts";
import type { VirtualTime } from "./time.ts";

export const FAULTS = [
  "hub killed",
  "hub lost power",
  "session process killed",
  "agent killed",
  "host killed",
  "machine lost power",
  "app killed",
  "session cut off",
  "session frozen",
  "session blocked",
  "app cut off",
  "app frozen",
  "app blocked",
  "app reads nothing",
  "everything killed",
] as const;
export type Fault = (typeof FAULTS)[number];

export interface FaultsOptions {
  plan: Chance;
  time: VirtualTime;
  machine: SimMachine;
  people: readonly Person[];
  killHub(how: "killed" | "power lost", backAfterMs: number): void;
  tell(what: string): void;
}

export function createFaults({ plan, time, machine, people, killHub, tell }: FaultsOptions): (fault: Fault) => void {
  return (fault) => {
    tell(fault);
    const away = plan.pick([0, 50, 500, 3_000, 25_000]);
    const person = plan.pick(people);
    const wire = person.isOpen ? person.wire : null;
    switch (fault) {
      case "hub killed":
        return killHub("killed", away);
      case "hub lost power":
        for (const each of people) each.hubLostPower();
        return killHub("power lost", away);
      case "session process killed":
        return machine.killSession(away);
      case "agent killed":
        return void machine.host?.killAgent();
      case "host killed":
        return machine.killHost(plan.between(100, 5_000), true);
      case "machine lost power":
        return machine.killHost(plan.between(5_000, 20_000), plan.is(0.5));
      case "app killed":
        person.kill();
        return void time.after(away, () => void person.open());
      case "session cut off":
        return machine.session?.wire.cut();
      case "session frozen":
        return machine.session?.wire.freeze();
      case "session blocked":
        machine.session?.wire.block(away);
        return machine.session?.wire.cut();
      case "app cut off":
        return wire?.cut();
      case "app frozen":
        return wire?.freeze();
      case "app blocked":
        wire?.block(away);
        return wire?.cut();
      case "app reads nothing":
        return wire?.stall(1_000 + away);
      case "everything killed":
        killHub("killed", plan.between(0, 3_000));
        return machine.killSession(plan.between(0, 3_000));
    }
  };
}
