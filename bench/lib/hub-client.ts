/** A client of one namespace of one hub: the calls that several phases make. */
import { CliSocket, type SocketListeners } from "./cli-socket.ts";
import { Http, type JsonAnswer, type RequestOptions } from "./http.ts";
import { prose } from "./messages.ts";
import { Sse, type SseOptions } from "./sse.ts";
import type { StoredRow } from "./track.ts";

const machineId = "00000000-0000-4000-8000-000000000001";
/** Rows of one backfill call. */
const backfillLimit = 200;

export class HubClient {
  readonly http: Http;
  readonly url: string;
  readonly cliToken: string;
  #jwt = "";

  constructor(url: string, cliToken: string) {
    this.url = url;
    this.cliToken = cliToken;
    this.http = new Http(url);
  }

  get apiHeaders(): Record<string, string> {
    return { authorization: `Bearer ${this.#jwt}` };
  }

  get cliHeaders(): Record<string, string> {
    return { authorization: `Bearer ${this.cliToken}` };
  }

  async signIn(): Promise<void> {
    const { status, json } = await this.http.json("POST", "/api/auth", { body: { accessToken: this.cliToken } });
    if (status !== 200) throw new Error(`signing in: ${status}`);
    this.#jwt = json.token;
  }

  api(method: string, path: string, options: RequestOptions = {}, http = this.http): Promise<JsonAnswer> {
    return http.json(method, path, { ...options, headers: { ...this.apiHeaders, ...options.headers } });
  }

  /** Id of a new session; `number` varies its metadata. */
  async createSession(tag: string, number: number, http = this.http): Promise<string> {
    const body = { tag, metadata: metadataOf(number), agentState: null };
    const { status, json, raw } = await http.json("POST", "/cli/sessions", { headers: this.cliHeaders, body });
    if (status !== 200) throw new Error(`creating a session: ${status} ${raw.toString("utf8").slice(0, 200)}`);
    return json.session.id;
  }

  async createSessions(tag: string, count: number): Promise<string[]> {
    const ids: string[] = [];
    for (let number = 0; number < count; number++) ids.push(await this.createSession(`${tag}-${number}`, number));
    return ids;
  }

  /** The socket of a session, connected. */
  async socket(sessionId: string, listeners?: SocketListeners): Promise<CliSocket> {
    const auth = { token: this.cliToken, clientType: "session-scoped", sessionId };
    const socket = new CliSocket(this.url, auth, listeners);
    await socket.ready;
    return socket;
  }

  sse(options: SseOptions = {}, query: Record<string, string> = {}): Sse {
    const search = new URLSearchParams({ token: this.#jwt, visibility: "visible", all: "true", ...query });
    return new Sse(this.url, `/api/events?${search}`, options);
  }

  /** The whole history in order, through the backfill of session processes. */
  async history(sessionId: string): Promise<StoredRow[]> {
    const rows: StoredRow[] = [];
    for (let after = 0; ; after = rows.at(-1)!.seq) {
      const page = await this.rowsAfter(sessionId, after, backfillLimit);
      if (page.length === 0) return rows;
      rows.push(...page);
    }
  }

  async rowsAfter(sessionId: string, afterSeq: number, limit: number): Promise<(StoredRow & { createdAt: number })[]> {
    const path = `/cli/sessions/${sessionId}/messages?afterSeq=${afterSeq}&limit=${limit}`;
    const { status, json } = await this.http.json("GET", path, { headers: this.cliHeaders });
    if (status !== 200) throw new Error(`reading a history: ${status}`);
    return json.messages;
  }
}

function metadataOf(number: number): Record<string, unknown> {
  return {
    path: `/home/dev/projects/service-${number % 40}`,
    host: "bench-host",
    version: "0.29.0",
    os: "linux",
    machineId,
    homeDir: "/home/dev",
    happyHomeDir: "/home/dev/.hapi",
    happyLibDir: "/opt/hapi",
    happyToolsDir: "/opt/hapi/tools",
    startedBy: "terminal",
    hostPid: 1000 + number,
    startedFromRunner: false,
    lifecycleState: "running",
    lifecycleStateSince: 1_700_000_000_000,
    flavor: "claude",
    summary: { text: prose(60, number + 7), updatedAt: 1_700_000_000_000 },
  };
}
