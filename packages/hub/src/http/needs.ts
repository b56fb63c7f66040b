/**
 * What a route asks of whoever calls it, said where it is registered. A route that says nothing keeps the hub from starting (`checkDeclared`), so
 * nothing is open because it was forgotten.
 */
import type { Scope } from "@hapi/protocol/scopes";
import type { Hono, MiddlewareHandler } from "hono";
import { type Actor, allow } from "../auth/actor.ts";
import type { Lock } from "../auth/lock.ts";

/** `anyone`: whoever is signed in, with whatever. */
export type Need = Scope | "anyone";

type Acting = { Variables: { actor: Actor; lock?: Pick<Lock, "checkScope"> } };
/** `whileLocked`: what only ends something goes on in a hub that is locked. */
interface NeedOptions {
  whileLocked?: boolean;
}

const made = new Map<string, MiddlewareHandler<Acting>>();
const needOf = new WeakMap<object, Need>();

/** Stands in front of the handler. Refuses with `scope_missing`, and what sends, starts, answers or changes with `hub_locked` while it is. */
export function needs(need: Need, { whileLocked = false }: NeedOptions = {}): MiddlewareHandler<Acting> {
  const key = `${need} ${whileLocked}`;
  const known = made.get(key);
  if (known) return known;
  const check: MiddlewareHandler<Acting> = (c, next) => {
    if (need !== "anyone") {
      allow(c.get("actor"), need);
      if (!whileLocked) c.get("lock")?.checkScope(need);
    }
    return next();
  };
  made.set(key, check);
  needOf.set(check, need);
  return check;
}

export interface DeclaredRoute {
  method: string;
  path: string;
  need: Need | null;
}

/** Of one part of a plane, in which everything registered is a route. */
export function declaredRoutes(routes: Pick<Hono, "routes">): DeclaredRoute[] {
  const found = new Map<string, DeclaredRoute>();
  for (const { method, path, handler } of routes.routes) {
    const key = `${method} ${path}`;
    const route = found.get(key) ?? { method, path, need: null };
    found.set(key, { ...route, need: route.need ?? needOf.get(handler) ?? null });
  }
  return [...found.values()];
}

export function checkDeclared(routes: Pick<Hono, "routes">): void {
  const open = declaredRoutes(routes).filter(({ need }) => need === null);
  if (open.length > 0) throw new Error(`No scope is declared for ${open.map(({ method, path }) => `${method} ${path}`).join(", ")}`);
}
