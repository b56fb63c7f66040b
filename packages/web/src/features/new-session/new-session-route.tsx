/** The address of the form: which machine and directory to begin with. */
import { useSearch } from "@tanstack/react-router";
import { NewSessionScreen } from "./new-session-screen.tsx";

export function NewSessionRoute() {
  const { machine, directory } = useSearch({ from: "/app/new" });
  return <NewSessionScreen {...(machine === undefined ? {} : { machine })} {...(directory === undefined ? {} : { directory })} />;
}
