/** A program that a host runs: what it is given, and what it does with its pipes. */
import type { ExitStatus, SpawnSpec } from "@hapi/host";

export interface Program {
  /** What was written to its input. */
  hear(text: string): void;
  closeInput(): void;
  signal(name: string): void;
  /** It is gone, whoever ended it: it writes and keeps nothing any more. */
  gone(): void;
}

export interface ProgramStart extends Pick<SpawnSpec, "launchId" | "argv" | "kind"> {
  pid: number;
  /** Number of the host it runs under. */
  host: number;
  write(text: string): void;
  /** To its error output. */
  complain(text: string): void;
  isGone(): boolean;
  exit(status: ExitStatus): void;
}

export type ProgramMaker = (start: ProgramStart) => Program;
