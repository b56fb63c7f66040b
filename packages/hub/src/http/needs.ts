/**
 * What a route asks of whoever calls it, said where it is registered. A route that says nothing keeps the hub from starting (`checkDeclared`), so
 * nothing is open because it was forgotten.
 */
import type { Scope } from "@hapi/protocol/scopes";
import type { Hono, MiddlewareHandler } from "hono";
import { type Actor, allow } from "../auth/actor.ts";
import type { Lock } from "../auth/lock.ts";
import type { StepUp } from "../auth/step-up.ts";

/** `anyone`: whoever is signed in, with whatever. */
export type Need = Scope | "anyone";

type Acting = { Variables: { actor: Actor; lock?: Pick<Lock, "checkScope">; stepUp?: Pick<StepUp, "check"> } };
interface NeedOptions {
  /** What only ends something goes on in a hub that is locked. */
  whileLocked?: boolean;
  /** A person who has a passkey has to have used it within five minutes. */
  fresh?: boolean;
}

const made = new Map<string, MiddlewareHandler<Acting>>();
const needOf = new WeakMap<object, Need>();
const freshOnes = new WeakSet<object>();

/**
 * Stands in front of the handler. Refuses with `scope_missing`; what sends, starts, answers or changes with `hub_locked` while it is; what reaches far
 * with `step_up_required`.
 */
export function needs(need: Need, { whileLocked = false, fresh = false }: NeedOptions = {}): MiddlewareHandler<Acting> {
  const key = `${need} ${whileLocked} ${fresh}`;
  const known = made.get(key);
  if (known) return known;
  const check: MiddlewareHandler<Acting> = (c, next) => {
    if (need !== "anyone") {
      allow(c.get("actor"), need);
      if (!whileLocked) c.get("lock")?.checkScope(need);
    }
    if (fresh) c.get("stepUp")?.check(c.get("actor"));
    return next();
  };
  made.set(key, check);
  needOf.set(check, need);
  if (fresh) freshOnes.add(check);
  return check;
}

export interface DeclaredRoute {
  method: string;
  path: string;
  need: Need | null;
  /** And a proof of who asks. */
  fresh: boolean;
}

/** Of one part of a plane, in which everything registered is a route. */
export function declaredRoutes(routes: Pick<Hono, "routes">): DeclaredRoute[] {
  const found = new Map<string, DeclaredRoute>();
  for (const { method, path, handler } of routes.routes) {
    const key = `${method} ${path}`;
    const route = found.get(key) ?? { method, path, need: null, fresh: false };
    found.set(key, { ...route, need: route.need ?? needOf.get(handler) ?? null, fresh: route.fresh || freshOnes.has(handler) });
  }
  return [...found.values()];
}

export function checkDeclared(routes: Pick<Hono, "routes">): void {
  const open = declaredRoutes(routes).filter(({ need }) => need === null);
  if (open.length > 0) throw new Error(`No scope is declared for ${open.map(({ method, path }) => `${method} ${path}`).join(", ")}`);
}
