/** What a session needs of the world around it; everything that tests replace. */
import type { AgentDriver, DriverLog, OwnTools } from "@hapi/agents";
import type { SessionLink } from "@hapi/client/link";
import type { HostControl } from "@hapi/host";
import type { SessionEnvironment } from "@hapi/protocol";
import type { Clock } from "@hapi/platform";
import type { RunCommand } from "../files/index.ts";
import type { KnownHub } from "./hub-address.ts";
import type { Ledger } from "./ledger.ts";
import type { OpenSessionFile } from "./session-file.ts";

export interface SessionPorts {
  home: string;
  dir: string;
  sessionFile: OpenSessionFile;
  ledger: Ledger;
  host: HostControl;
  driver: AgentDriver;
  link: SessionLink;
  /** Where the link looks for its hub. */
  hub(): KnownHub;
  clock: Clock;
  log: DriverLog;
  agentEnv: Readonly<Record<string, string>>;
  hookCommand: readonly string[];
  /** What that one connects to. */
  hookSockets: readonly string[];
  hookEnv: Readonly<Record<string, string>>;
  /** What its agent is given of HAPI's own tools. */
  tools?: OwnTools | undefined;
  /** What the session keeps of its first start's environment, beside that of now. */
  environment?: SessionEnvironment | undefined;
  /** Credentials that are other ones here than at its first start, with their fingerprints. */
  changedCredentials?: Readonly<Record<string, string>>;
  runCommand: RunCommand;
  /** The session is over: no hook will come in any more. */
  closeHooks?(): Promise<void>;
  settings: { remoteWhileLocal: "switch" | "read-only"; parkAfterMs: number; autoRetry?: boolean };
  /** Chance, for pauses that must not fall together. */
  random?: () => number;
  about: { version: string; libDir: string; userHome: string };
}
