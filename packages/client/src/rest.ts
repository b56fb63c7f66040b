/**
 * Every REST call of the client plane that HAPI serves, typed: by what they are about in the files beside this one. Answers are read tolerantly, one
 * of another shape is `protocol_mismatch` (`asking.ts`).
 */
import { type Machine, machineSchema, parser } from "@hapi/protocol";
import { agentCalls } from "./agent-calls.ts";
import { createAsk, fields, many } from "./asking.ts";
import { createTokenKeeper, type TokenKeeperOptions } from "./auth.ts";
import { type Clock, systemClock } from "./clock.ts";
import { createHttp, type Fetch, type HubAddress } from "./http.ts";
import { messageCalls } from "./message-calls.ts";
import { permissionCalls } from "./permission-calls.ts";
import { sessionCalls } from "./session-calls.ts";

export type { SlashCommand } from "./agent-calls.ts";
export type { PageQuery } from "./message-calls.ts";

export interface HubApiOptions extends Pick<TokenKeeperOptions, "accessToken" | "onRenewed" | "onSignedOut"> {
  baseUrl: HubAddress;
  fetch?: Fetch;
  clock?: Clock;
  /** The hub refused a call with `step_up_required`. @returns whether the person proved since that it is them: then it is made again */
  prove?: () => Promise<boolean>;
}

const readMachine = parser(machineSchema);

export type HubApi = ReturnType<typeof createHubApi>;

export function createHubApi(options: HubApiOptions) {
  const { clock = systemClock } = options;
  const http = createHttp({ baseUrl: options.baseUrl, fetch: options.fetch, clock });
  const tokens = createTokenKeeper({ ...options, http, clock });
  const ask = createAsk(http, tokens, { canSignIn: () => options.accessToken() !== null, prove: options.prove });
  const { request, open, post } = ask;

  return {
    /** Where the hub is now. */
    get baseUrl(): string {
      return http.baseUrl;
    },
    request,
    open,
    /** For Socket.IO and other doors that take the JWT itself. */
    token: (): Promise<string> => tokens.current(),
    sessions: { ...sessionCalls(ask), ...agentCalls(ask) },
    messages: messageCalls(ask),
    permissions: permissionCalls(ask),
    machines: {
      /** Online ones; all of them with `all`. */
      async list(query: { all?: boolean } = {}, signal?: AbortSignal): Promise<Machine[]> {
        const answer = await request("GET", "/api/machines", { query: query.all ? { all: 1 } : {}, signal });
        return many(readMachine, fields(answer).machines);
      },
    },
    setVisibility: (subscriptionId: string, visibility: "visible" | "hidden") => post("/api/visibility", { subscriptionId, visibility }),
  };
}
