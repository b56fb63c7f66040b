/** What somebody elsewhere can make the hub hold or do: requests, bodies that drip or nest, connections that say nothing, streams. */
import { expect, test } from "bun:test";
import { connect } from "node:net";
import { createManualClock, startTestHub } from "@hapi/testkit";
import { withHub } from "./setup.ts";

const rig = withHub();
const from = (address: string) => ({ "x-forwarded-for": address });

test("too many requests from elsewhere: 429 with the time to wait, for that address alone; this computer is not counted", async () => {
  const clock = createManualClock(Date.now());
  await using hub = await startTestHub({ clock });
  const authorization = `Bearer ${await hub.login()}`;
  const read = (headers: Record<string, string>) => fetch(`${hub.url}/api/sessions/x/export`, { headers: { authorization, ...headers } });
  const statuses = await Promise.all(Array.from({ length: 121 }, () => read(from("203.0.113.1")).then(({ status }) => status)));
  expect(statuses.filter((status) => status === 404).length).toBe(120);
  const late = await read(from("203.0.113.1"));
  expect([late.status, late.headers.get("retry-after"), ((await late.json()) as { code: string }).code]).toEqual([
    429,
    "1",
    "rate_limited",
  ]);
  expect([(await read(from("203.0.113.2"))).status, (await read({})).status]).toEqual([404, 404]);
  await clock.advance(1_000);
  expect((await read(from("203.0.113.1"))).status).toBe(404);
});

test("guessing from many addresses is slowed as one, and does not keep out who had signed in", async () => {
  await using hub = await startTestHub({ clock: createManualClock(Date.now()) });
  const login = async (accessToken: string, address: string): Promise<number> => {
    const init = { method: "POST", headers: from(address), body: JSON.stringify({ accessToken }) };
    return (await fetch(`${hub.url}/api/auth`, init)).status;
  };
  expect(await login(hub.token, "198.51.100.1")).toBe(200);
  const statuses: number[] = [];
  for (let block = 0; block < 70; block++)
    statuses.push(...(await Promise.all(Array.from({ length: 10 }, (_, host) => login("guess", `10.9.${block}.${host}`)))));
  expect([statuses.filter((status) => status === 401).length, statuses.at(-1)]).toEqual([599, 429]);
  expect(await login(hub.token, "198.51.100.1")).toBe(200);
});

test("a body that drips is given up, before the login and behind it", async () => {
  const clock = createManualClock(Date.now());
  await using hub = await startTestHub({ clock });
  const jwt = await hub.login();
  const drip = (path: string, authorization: string, length: string, ms: number): Promise<string> =>
    new Promise((resolve) => {
      const line = connect(hub.port, "127.0.0.1", () =>
        line.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\n${length}\r\n${authorization}\r\n1\r\n{\r\n`, () => void giveTime(ms)),
      );
      line.once("data", (data) => {
        resolve(String(data));
        line.destroy();
      });
    });
  // The deadline is a timer of the clock once the request is being read.
  const idle = clock.pendingTimers;
  const giveTime = async (ms: number): Promise<void> => {
    while (clock.pendingTimers <= idle) await Bun.sleep(1);
    await clock.advance(ms);
  };
  for (const [path, authorization] of [
    ["/api/auth", ""],
    ["/api/sessions/x/messages", `Authorization: Bearer ${jwt}\r\n`],
    ["/cli/sessions", `Authorization: Bearer ${hub.token}\r\n`],
  ] as const)
    for (const [length, ms] of [
      ["Content-Length: 4000", 21_000],
      ["Transfer-Encoding: chunked", 121_000],
    ] as const)
      expect([path, length, await drip(path, authorization, length, ms)]).toEqual([
        path,
        length,
        expect.stringContaining("408 Request Timeout"),
      ]);
});

test("a connection that says nothing, or drips its headers, is closed", async () => {
  await using hub = await startTestHub({ idleTimeoutSeconds: 1 });
  const closed = (start: string): Promise<void> =>
    new Promise((resolve) => {
      const line = connect(hub.port, "127.0.0.1", () => start !== "" && line.write(start));
      const drops = setInterval(() => start !== "" && line.write("a"), 500);
      line.on("error", () => undefined);
      line.on("close", () => {
        clearInterval(drops);
        resolve();
      });
    });
  await Promise.all([closed(""), closed("GET / HTTP/1.1\r\nHost: localhost\r\nX-Drip: ")]);
  expect((await fetch(`${hub.url}/health`)).status).toBe(200);
});

test("sessions over long polling are counted with the sockets, are over when they join nothing, and say little before that", async () => {
  const clock = createManualClock(Date.now());
  await using hub = await startTestHub({ clock });
  const polling = `${hub.url}/socket.io/?EIO=4&transport=polling`;
  const open = (headers: Record<string, string>): Promise<Response> => fetch(polling, { headers });
  const opened = await Promise.all(Array.from({ length: 80 }, () => open(from("203.0.113.1"))));
  expect([200, 429].map((status) => opened.filter((answer) => answer.status === status).length)).toEqual([64, 16]);
  expect([(await open(from("203.0.113.2"))).status, (await open({})).status]).toEqual([200, 200]);
  await clock.advance(20_000);
  const begin = async (): Promise<string> => {
    const again = await open(from("203.0.113.1"));
    expect(again.status).toBe(200);
    return (JSON.parse((await again.text()).slice(1)) as { sid: string }).sid;
  };
  const sid = await begin();
  const say = async (body: string): Promise<number> => (await fetch(`${polling}&sid=${sid}`, { method: "POST", body })).status;
  const tooMuch = `40/cli,{"token":"${"x".repeat(70_000)}"}`;
  expect([await say(tooMuch), await say('40/cli,{"token":"x"}')]).toEqual([413, 400]);
  const socket = new WebSocket(`${hub.url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket&sid=${await begin()}`);
  const heard: unknown[] = [];
  const closed = new Promise((resolve) => {
    socket.addEventListener("close", resolve);
    socket.addEventListener("message", ({ data }) => {
      heard.push(data);
      if (data !== "3probe") return resolve(null);
      socket.send("5");
      socket.send(tooMuch);
    });
    socket.addEventListener("open", () => socket.send("2probe"));
  });
  await closed;
  expect(heard).toEqual(["3probe"]);
});

test("JSON that nests deeper than any program of ours is refused in words; brackets in text are text", async () => {
  const client = await rig.client();
  const { id } = await client.session();
  const nested = (depth: number): string => `{"text":"x","more":${"[".repeat(depth)}${"]".repeat(depth)}}`;
  const post = (body: string) => client.api("POST", `/sessions/${id}/messages`, body);
  expect((await post(nested(150))).status).toBe(200);
  for (const depth of [250, 100_000]) expect(await post(nested(depth))).toMatchObject({ status: 400, body: { code: "body_too_deep" } });
  const text = `${"[".repeat(1_000)} \\" ${"{".repeat(1_000)} \\`;
  expect((await post(JSON.stringify({ text }))).status).toBe(200);
  expect((await post('{"text":"')).body["code"]).toBe("invalid_json");
});

test("event streams of one address have an end, those of this computer and of others go on", async () => {
  const clock = createManualClock(Date.now());
  await using hub = await startTestHub({ clock });
  const authorization = `Bearer ${await hub.login()}`;
  const opened: Response[] = [];
  const open = async (headers: Record<string, string>): Promise<number> => {
    const stream = await fetch(`${hub.url}/api/events`, { headers: { authorization, "accept-encoding": "identity", ...headers } });
    opened.push(stream);
    return stream.status;
  };
  const statuses: number[] = [];
  for (let round = 0; round < 3; round++) {
    for (let count = 0; count < 50; count++) statuses.push(await open(from("203.0.113.1")));
    await clock.advance(50_000);
  }
  expect([statuses.filter((status) => status === 200).length, statuses.at(-1)]).toEqual([128, 503]);
  expect([await open(from("203.0.113.2")), await open({})]).toEqual([200, 200]);
  await Promise.all(opened.map(({ body }) => body?.cancel()));
});
