/** The typed face of the scripted model server (README.md). The server itself stays free of dependencies and types: any runtime can start it. */
import { startFakeModels as start } from "./fake-models.mjs";

export interface FakeModelsOptions {
  host?: string;
  /** 0, the default, picks one. */
  port?: number;
  /** Requests are appended to this file, one JSON line each. */
  log?: string;
  logBodies?: boolean;
  scenario?: FakeScenario;
  /** Pause between chunks of text; default 5. */
  chunkMs?: number;
  models?: readonly string[];
}

export interface FakeScenario {
  turns: readonly FakeTurn[];
}

export interface FakeTurn {
  when?: { api?: string; model?: string; user?: string; system?: string; result?: string; aux?: boolean };
  reply?: string | readonly FakeStep[];
  error?: FakeError;
  times?: number;
  forever?: boolean;
}

export interface FakeError {
  status: number;
  message: string;
  retryAfter?: number;
  headers?: Record<string, string>;
}

export interface FakeStep {
  text?: string | readonly string[];
  think?: string;
  tool?: string;
  args?: Record<string, unknown>;
  id?: string;
  form?: "custom";
  /** One directive. */
  do?: string;
  error?: FakeError;
  hang?: true;
  /** Closes the connection, without an end. */
  cut?: true;
  delayMs?: number;
  chunkMs?: number;
}

export interface FakePart {
  text?: string;
  thinking?: string;
  image?: string;
  call?: { id: string; name: string; args: unknown };
  result?: { id: string; name?: string; text: string; isError: boolean };
}

/** One entry of the log; which fields there are depends on `op`. */
export interface FakeRequest {
  n: number;
  at?: string;
  api?: string;
  op?: string;
  path?: string;
  model?: string;
  stream?: boolean;
  aux?: boolean;
  tools?: string[];
  /** How hard the model is asked to think, in the dialect's own word. */
  effort?: string;
  /** The last thing the person said. */
  user?: string;
  step?: number;
  /** The whole conversation as the agent sent it. */
  messages?: { role: string; parts: FakePart[] }[];
  headers?: Record<string, string>;
  source?: "scenario" | "default" | "schema" | "aux";
  reply?: unknown;
  /** What the answer `n` was counted as, once it is out (Responses API only). */
  usage?: { input: number; output: number };
  /** The agent hung up. */
  aborted?: boolean;
  error?: string;
}

export interface FakeModels {
  readonly url: string;
  readonly requests: readonly FakeRequest[];
  setScenario(scenario: FakeScenario | null): void;
  close(): Promise<void>;
}

export const startFakeModels = (options: FakeModelsOptions = {}): Promise<FakeModels> => start(options);
