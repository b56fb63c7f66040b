/** Addresses: their patterns, what matches, and how they are written. Pure. `:name` stands for one part of a path. */

export interface Match<Id extends string> {
  id: Id;
  params: Readonly<Record<string, string>>;
}

function parts(path: string): string[] {
  return path.split("/").filter(Boolean);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // a stray percent sign is not worth an error page
    return part;
  }
}

/** The first pattern that fits; null when none does. A slash at the end makes no difference. */
export function matchPath<Id extends string>(patterns: Readonly<Record<Id, string>>, pathname: string): Match<Id> | null {
  const given = parts(pathname);
  for (const id of Object.keys(patterns) as Id[]) {
    const wanted = parts(patterns[id]);
    if (wanted.length !== given.length) continue;
    const params: Record<string, string> = {};
    const fits = wanted.every((part, at) => {
      const value = given[at] ?? "";
      if (!part.startsWith(":")) return part === value;
      params[part.slice(1)] = decoded(value);
      return true;
    });
    if (fits) return { id, params };
  }
  return null;
}

export const PATTERNS = {
  sessions: "/",
  login: "/login",
  session: "/sessions/:sessionId",
  inbox: "/inbox",
  machines: "/machines",
  more: "/more",
  settings: "/settings",
  devices: "/settings/devices",
  newSession: "/new",
} as const;
export type RouteId = keyof typeof PATTERNS;

function withQuery(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const pairs = Object.entries(query).flatMap(([key, value]) => (value ? [[key, value]] : []));
  return pairs.length === 0 ? path : `${path}?${new URLSearchParams(pairs).toString()}`;
}

export interface NewSessionPreset {
  machine?: string;
  directory?: string;
}

/** Every address of the app is written here. */
export const paths = {
  sessions: "/",
  inbox: "/inbox",
  machines: "/machines",
  more: "/more",
  settings: "/settings",
  devices: "/settings/devices",
  session: (id: string): string => `/sessions/${encodeURIComponent(id)}`,
  newSession: (preset: NewSessionPreset = {}): string => withQuery("/new", { machine: preset.machine, directory: preset.directory }),
  login: (next: string): string => withQuery("/login", { next: next === "/" ? undefined : next }),
} as const;
