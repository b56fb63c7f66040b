/** provisional until @hapi/client lands */
import { applySyncEvent, emptySyncState, withList, withMachines, withSession, type SyncState } from "@hapi/core";
import type { Machine, Session, SessionSummary, SyncEvent } from "@hapi/protocol";
import { call, exchangeToken } from "./rest.ts";
import { useHub } from "./store.ts";

let base = "";
let jwt: string | null = null;
let state: SyncState = emptySyncState;
let source: EventSource | null = null;

export const request = (method: string, path: string, body?: unknown): Promise<unknown> => call(base, jwt, method, path, body);

function publish(next: SyncState): void {
  state = next;
  useHub.setState({ summaries: next.summaries, sessions: next.sessions, machines: next.machines });
}
export async function readSession(id: string): Promise<void> {
  const { session } = (await request("GET", `/api/sessions/${id}`)) as { session: Session };
  publish(withSession(state, session));
}
async function refresh(): Promise<void> {
  const [{ sessions }, { machines }] = (await Promise.all([request("GET", "/api/sessions"), request("GET", "/api/machines?all=true")])) as [
    { sessions: SessionSummary[] },
    { machines: Machine[] },
  ];
  publish(withMachines(withList(state, sessions), machines));
  useHub.setState({ listed: true });
}
export async function startSync(options: { baseUrl: string; token: string; onExpired: () => void }): Promise<void> {
  base = options.baseUrl;
  jwt = await exchangeToken(base, options.token);
  const open = (): void => {
    source = new EventSource(`${base}/api/events?all=true&visibility=visible&caps=stream,stages,caught-up&token=${jwt}`);
    source.onopen = () => {
      useHub.setState({ connection: { phase: "online", since: Date.now() } });
      void refresh();
    };
    source.onmessage = (message) => publish(applySyncEvent(state, JSON.parse(message.data) as SyncEvent));
    source.onerror = () => {
      source?.close();
      useHub.setState({ connection: { phase: "reconnecting", since: Date.now() } });
      setTimeout(open, 1000);
    };
  };
  open();
}
export async function stopSync(_options: { forget: boolean }): Promise<void> {
  source?.close();
  source = null;
  state = emptySyncState;
}
