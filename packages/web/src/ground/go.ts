/** Where one can go from anywhere, by name: screens, keys and the palette share these. */
import { navigate } from "./routing/location.ts";
import { type NewSessionPreset, paths } from "./routing/match.ts";

export const go = {
  session: (id: string): void => void navigate(paths.session(id)),
  /** In place of this screen, to which nobody wants to come back. */
  sessionInstead: (id: string): void => void navigate(paths.session(id), { replace: true }),
  newSession: (preset?: NewSessionPreset): void => void navigate(paths.newSession(preset)),
  inbox: (): void => void navigate(paths.inbox),
  sessions: (): void => void navigate(paths.sessions),
  machines: (): void => void navigate(paths.machines),
  settings: (): void => void navigate(paths.settings),
} as const;
