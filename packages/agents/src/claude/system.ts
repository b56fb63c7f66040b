/**
 * What of the machine the driver uses beside its host: Claude's files, the processes that run, the program, and ids. All of it comes from outside,
 * so that a simulation can own it; only what HAPI itself writes (overlay, attachments) is used directly.
 */
import { randomUUID } from "node:crypto";
import { type Files, type Processes, systemFiles, systemProcesses } from "@hapi/platform/lean";
import type { Detection, DriverContext } from "../driver.ts";
import { detectClaude } from "./detect.ts";

export interface System {
  readonly files: Files;
  readonly processes: Processes;
  /** A new id nobody else has. */
  uuid(): string;
  detect(env: Readonly<Record<string, string>>, program?: string, written?: readonly string[]): Promise<Detection>;
}

export const ownSystem: System = { files: systemFiles, processes: systemProcesses, uuid: randomUUID, detect: detectClaude };

/** A driver's context with the machine it is on. */
export type ClaudeContext = DriverContext & { readonly system: System };

/** A Claude's home: whose conversations, and where they are read. */
export interface Home {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly system: Pick<System, "files" | "processes">;
}

/** A folder, and the home of the Claude that works there. */
export interface Place extends Home {
  readonly cwd: string;
}
