/** Who comes in, by whichever way: guesses, pages of others, connections that never say who they are, sign-ins that are over. */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createManualClock, startTestHub } from "@hapi/testkit";
import { io, type Socket } from "socket.io-client";
import { withHub } from "./setup.ts";

const rig = withHub();

/** A WebSocket by hand: what it was told, and its end. */
function openSocket(headers: Record<string, string> = {}) {
  const url = `${rig.hub.url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`;
  // Bun's own: browsers can't set headers, an attacker's program can.
  const ws = new WebSocket(url, { headers } as never);
  const opened = Promise.withResolvers<boolean>();
  const closed = Promise.withResolvers<void>();
  const said: string[] = [];
  const heard = new Set<() => void>();
  ws.onmessage = ({ data }) => {
    said.push(String(data));
    if (said.length === 1) opened.resolve(true);
    for (const look of heard) look();
  };
  ws.onerror = () => opened.resolve(false);
  ws.onclose = () => {
    opened.resolve(false);
    closed.resolve();
  };
  const answer = (start: string): Promise<string> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = said.find((word) => word.startsWith(start));
        if (found === undefined) return;
        heard.delete(look);
        resolve(found);
      };
      heard.add(look);
      look();
    });
  return { ws, opened: opened.promise, closed: closed.promise, said, answer };
}

const refusal = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    socket.once("connect", () => resolve("connected"));
    socket.once("connect_error", (error) => resolve(error.message));
  });

async function guessOnce(transports: string[], token: string, headers: Record<string, string>): Promise<string> {
  const socket = io(`${rig.hub.url}/cli`, {
    transports,
    auth: { token, clientType: "session-scoped", sessionId: "s" },
    extraHeaders: headers,
    forceNew: true,
    reconnection: false,
  });
  const said = await refusal(socket);
  socket.disconnect();
  return said;
}

const limited = "Too many requests; wait a moment and try again";

test.each([["websocket"], ["polling"]])("guesses on sockets count as those over HTTP do, together with them: %s", async (transport) => {
  const headers = { "x-forwarded-for": `203.0.113.${transport.length}` };
  const login = (accessToken: string) =>
    fetch(`${rig.hub.url}/api/auth`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ accessToken }),
    }).then(({ status }) => status);
  for (let tries = 0; tries < 15; tries++) expect(await guessOnce([transport], "guess", headers)).toBe("Invalid token");
  for (let tries = 0; tries < 15; tries++) expect(await login("guess")).toBe(401);
  // From there on it has to wait, also with the right one; nobody else has.
  expect(await guessOnce([transport], "guess", headers)).toBe(limited);
  expect(await guessOnce([transport], rig.hub.token, headers)).toBe(limited);
  expect(await login(rig.hub.token)).toBe(429);
  expect(await guessOnce([transport], rig.hub.token, {})).toBe("connected");
  expect(await guessOnce([transport], rig.hub.token, { "x-forwarded-for": "203.0.113.77" })).toBe("connected");
});

test("one connection guesses three times", async () => {
  const socket = openSocket({ "x-forwarded-for": "203.0.113.50" });
  expect(await socket.opened).toBe(true);
  for (let tries = 0; tries < 3; tries++) socket.ws.send(`40/cli,${JSON.stringify({ token: "guess" })}`);
  await socket.closed;
});

/** A session of long polling by hand, from elsewhere. */
async function openPolling(address: string) {
  const headers = { "x-forwarded-for": address };
  const url = `${rig.hub.url}/socket.io/?EIO=4&transport=polling`;
  const opened = await fetch(url, { headers });
  const { sid } = JSON.parse((await opened.text()).slice(1)) as { sid: string };
  const at = `${url}&sid=${sid}`;
  return {
    say: (body: string) =>
      fetch(at, { method: "POST", headers: { ...headers, "content-type": "text/plain" }, body }).then((said) => said.text()),
    hear: () => fetch(at, { headers }).then(async (heard) => ({ status: heard.status, text: await heard.text() })),
  };
}

test("one session of long polling guesses three times, and hears each answer", async () => {
  const { say, hear } = await openPolling("203.0.113.51");
  for (let tries = 0; tries < 3; tries++) {
    await say(`40/cli,${JSON.stringify({ token: "guess" })}`);
    expect(await hear()).toMatchObject({ status: 200, text: expect.stringContaining("Invalid token") });
  }
  await say(`40/cli,${JSON.stringify({ token: rig.hub.token })}`);
  expect((await hear()).status).toBe(400);
});

test("long polling says no more between two pings than a WebSocket does", async () => {
  const { say, hear } = await openPolling("203.0.113.52");
  await say(`40/cli,${JSON.stringify({ token: rig.hub.token })}`);
  expect((await hear()).text).toStartWith("40/cli,");
  // An answer to a ping is the shortest that is a frame.
  const frames = (count: number): string => Array.from({ length: count }, () => "3").join("\u001e");
  expect(await say(frames(50_000))).toBe("ok");
  await say(frames(50_001));
  expect((await hear()).status).toBe(400);
});

test("who has not joined says little at once", async () => {
  const { token } = rig.hub;
  const big = openSocket();
  expect(await big.opened).toBe(true);
  big.ws.send(`40/cli,${JSON.stringify({ token, pad: "x".repeat(70_000) })}`);
  await big.closed;
  const joined = openSocket();
  await joined.opened;
  joined.ws.send(`40/cli,${JSON.stringify({ token })}`);
  await joined.answer("40/cli,");
  joined.ws.send(`42/cli,7["ping",${JSON.stringify("x".repeat(70_000))}]`);
  await joined.answer("43/cli,7");
  joined.ws.close();
  await joined.closed;
});

test("connections that never say who they are: so many of one, and no longer than it takes", async () => {
  const clock = createManualClock(Date.now());
  await using hub = await startTestHub({ clock });
  const url = `${hub.url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`;
  const knock = (address: string) => {
    const ws = new WebSocket(url, { headers: { "x-forwarded-for": address } } as never);
    const opened = new Promise<boolean>((resolve) => {
      ws.onopen = () => resolve(true);
      ws.onerror = () => resolve(false);
    });
    const closed = new Promise<void>((resolve) => (ws.onclose = () => resolve()));
    return { opened, closed, ws };
  };
  const mine = Array.from({ length: 64 }, () => knock("203.0.113.1"));
  expect(await Promise.all(mine.map(({ opened }) => opened))).toEqual(mine.map(() => true));
  expect(await knock("203.0.113.1").opened).toBe(false);
  expect(await knock("203.0.113.2").opened).toBe(true);
  await clock.advance(20_000);
  await Promise.all(mine.map(({ closed }) => closed));
  const again = knock("203.0.113.1");
  expect(await again.opened).toBe(true);
  again.ws.close();
  await again.closed;
});

describe("a page of another site", () => {
  const evil = { origin: "https://evil.example" };
  test("neither opens a WebSocket, nor polls, nor signs in", async () => {
    expect(await openSocket(evil).opened).toBe(false);
    const polled = await fetch(`${rig.hub.url}/socket.io/?EIO=4&transport=polling`, { headers: evil });
    expect([polled.status, ((await polled.json()) as { code: string }).code]).toEqual([403, "origin_refused"]);
    const body = JSON.stringify({ accessToken: rig.hub.token });
    // As a form sends it: without asking for leave first.
    const signIn = await fetch(`${rig.hub.url}/api/auth`, { method: "POST", headers: { ...evil, "content-type": "text/plain" }, body });
    expect(signIn.status).toBe(403);
  });

  test("the hub's own page does", async () => {
    const own = openSocket({ origin: rig.hub.url });
    expect(await own.opened).toBe(true);
    own.ws.close();
    await own.closed;
  });

  test("nor does one that gives its name this hub's address", async () => {
    for (const path of ["/", "/health", "/api/sessions", "/socket.io/?EIO=4&transport=polling"])
      expect([path, (await fetch(rig.hub.url + path, { headers: { host: "evil.example" } })).status]).toEqual([path, 421]);
  });
});

describe("a sign-in that is over", () => {
  test("ends its event stream", async () => {
    const clock = createManualClock(Date.now());
    await using hub = await startTestHub({ clock });
    const jwt = await hub.login();
    const events = await fetch(`${hub.url}/api/events`, { headers: { authorization: `Bearer ${jwt}`, "accept-encoding": "identity" } });
    const text = events.text();
    let isOver = false;
    const over = text.then(() => (isOver = true));
    await clock.advance(4 * 3_600_000 - 2_000);
    expect([isOver, hub.url !== ""]).toEqual([false, true]);
    await clock.advance(2_000);
    await over;
    expect(await text).toContain("connection-changed");
    expect((await fetch(`${hub.url}/api/events`, { headers: { authorization: `Bearer ${jwt}` } })).status).toBe(401);
  });

  test("with the access token for which it was given", async () => {
    const home = mkdtempSync(join(tmpdir(), "hub-doors-"));
    try {
      const first = await startTestHub({ home, token: "one-long-enough-token" });
      const jwt = await first.login();
      await first.close();
      const statusWith = async (token: string): Promise<number> => {
        await using hub = await startTestHub({ home, token });
        return (await fetch(`${hub.url}/api/sessions`, { headers: { authorization: `Bearer ${jwt}` } })).status;
      };
      expect([await statusWith("one-long-enough-token"), await statusWith("another-long-enough-token")]).toEqual([200, 401]);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });
});
