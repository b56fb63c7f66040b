/** Where one can go from anywhere, by name: screens, keys and the palette share these. */
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";

export interface Go {
  session(id: string): void;
  newSession(preset?: { machine?: string; directory?: string }): void;
  inbox(): void;
  sessions(): void;
  machines(): void;
  settings(): void;
}

export function useGo(): Go {
  const navigate = useNavigate();
  return useMemo(
    () => ({
      session: (sessionId) => void navigate({ to: "/sessions/$sessionId", params: { sessionId } }),
      newSession: (preset = {}) => void navigate({ to: "/new", search: preset }),
      inbox: () => void navigate({ to: "/inbox" }),
      sessions: () => void navigate({ to: "/" }),
      machines: () => void navigate({ to: "/machines" }),
      settings: () => void navigate({ to: "/settings" }),
    }),
    [navigate],
  );
}
