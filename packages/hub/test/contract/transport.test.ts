/** Beyond loopback: nothing in clear, a certificate that may change, and a door of their own for this computer's programs. */
import { afterEach, expect, test } from "bun:test";
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { runningHub } from "@hapi/platform";
import { createManualClock, startTestHub } from "@hapi/testkit";
import { ownCertificate, ownCertificateFiles } from "../../src/listening/certificate.ts";

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), "hub-tls-"));
  folders.push(path);
  return path;
};

/** What a client sees that believes nobody. */
const shownBy = (url: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const port = Number(new URL(url).port);
    const line = connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
      resolve(line.getPeerCertificate().fingerprint256);
      line.end();
    });
    line.on("error", reject);
  });

const trusting = (ca: string) => ({ tls: { ca } }) as RequestInit;

test("a hub told to listen everywhere over plain HTTP does not start, and leaves its home to the next", async () => {
  const home = folder();
  await expect(startTestHub({ home, host: "0.0.0.0" })).rejects.toMatchObject({ code: "tls_required" });
  await using hub = await startTestHub({ home, host: "0.0.0.0", insecureHttp: true });
  expect((await fetch(`http://127.0.0.1:${hub.port}/health`)).status).toBe(200);
});

test("a certificate of its own: 0600, the same after a restart, told where programs of this computer look", async () => {
  const home = folder();
  const files = ownCertificateFiles(home);
  const once = async (): Promise<string> => {
    await using hub = await startTestHub({ home, host: "0.0.0.0", tls: "own" });
    const { url, fingerprint } = hub.front ?? { url: "", fingerprint: null };
    expect(url).toBe(`https://0.0.0.0:${hub.port}`);
    expect(hub.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(runningHub(home)).toMatchObject({ url: hub.url, front: { url, fingerprint }, listen: { host: "0.0.0.0", tls: "own" } });
    expect(await shownBy(url)).toBe(fingerprint as string);
    const ca = readFileSync(files.certFile, "utf8");
    const over = await fetch(`https://127.0.0.1:${hub.port}/health`, trusting(ca));
    expect([over.status, over.headers.get("strict-transport-security")]).toEqual([200, "max-age=31536000"]);
    const own = await fetch(`${hub.url}/health`);
    expect([own.status, own.headers.get("strict-transport-security")]).toEqual([200, null]);
    await expect(fetch(`http://127.0.0.1:${hub.port}/health`)).rejects.toThrow();
    return fingerprint ?? "";
  };
  const first = await once();
  expect(await once()).toBe(first);
  for (const file of [files.certFile, files.keyFile]) expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(files.keyFile, "utf8")).toMatch(/^-----BEGIN PRIVATE KEY-----/);
});

test("one that ends soon is made anew", async () => {
  const home = folder();
  const now = Date.now();
  const { fingerprint } = await ownCertificate(home, "0.0.0.0", now);
  expect((await ownCertificate(home, "0.0.0.0", now + 700 * 86_400_000)).fingerprint).toBe(fingerprint);
  expect((await ownCertificate(home, "0.0.0.0", now + 775 * 86_400_000)).fingerprint).not.toBe(fingerprint);
});

test("one that comes to its end while the hub runs is made anew, shown, and told where programs of this computer look", async () => {
  const home = folder();
  const clock = createManualClock(Date.now());
  const hour = 3_600_000;
  // It is made anew thirty days before its end.
  const { fingerprint, cert } = await ownCertificate(home, "0.0.0.0", clock.now() - 770 * 24 * hour + hour / 2);
  await using hub = await startTestHub({ home, clock, host: "0.0.0.0", tls: "own" });
  const { url } = hub.front ?? { url: "" };
  expect(await shownBy(url)).toBe(fingerprint);
  await clock.advance(hour);
  const { certFile } = ownCertificateFiles(home);
  while (readFileSync(certFile, "utf8") === cert) await Bun.sleep(1);
  await clock.advance(10_000);
  const renewed = await shownBy(url);
  expect(renewed).not.toBe(fingerprint);
  expect(runningHub(home)?.front).toEqual({ url, fingerprint: renewed });
});

test("certificate files that change are shown from then on; connections go on; one that is wrong is not shown", async () => {
  const [one, two, used] = [folder(), folder(), folder()];
  const clock = createManualClock(Date.now());
  const first = await ownCertificate(one, "h", clock.now());
  const second = await ownCertificate(two, "h", clock.now());
  const files = ownCertificateFiles(used);
  const put = (from: string): void => cpSync(from, used, { recursive: true });
  put(one);
  await using hub = await startTestHub({ clock, host: "127.0.0.1", tls: files });
  const { url } = hub.front ?? { url: "" };
  expect(await shownBy(url)).toBe(first.fingerprint);
  const stream = await fetch(`${url.replace("0.0.0.0", "127.0.0.1")}/api/events`, {
    ...trusting(first.cert),
    headers: { authorization: `Bearer ${await hub.login()}`, "accept-encoding": "identity" },
  });
  const reader = (stream.body as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  // Half of it is there: the key is not that of the certificate.
  writeFileSync(files.certFile, second.cert);
  await clock.advance(10_000);
  expect(await shownBy(url)).toBe(first.fingerprint);
  writeFileSync(files.keyFile, second.key);
  await clock.advance(10_000);
  expect(await shownBy(url)).toBe(second.fingerprint);
  // The stream that was open before hears what happens after.
  await clock.advance(30_000);
  expect(new TextDecoder().decode((await reader.read()).value)).toContain("heartbeat");
  await reader.cancel();
});

test("what is wrong with certificate files is said before anything is opened", async () => {
  const [one, two, home] = [folder(), folder(), folder()];
  await ownCertificate(one, "h", Date.now());
  await ownCertificate(two, "h", Date.now());
  const { certFile, keyFile } = ownCertificateFiles(one);
  const text = join(one, "text.pem");
  writeFileSync(text, "hello");
  const cases = [
    [{ certFile, keyFile: ownCertificateFiles(two).keyFile }, "is not that of the certificate"],
    [{ certFile: text, keyFile }, "PEM"],
    [{ certFile, keyFile: text }, "PEM"],
    [{ certFile: join(one, "none.pem"), keyFile }, "can't be read"],
  ] as const;
  for (const [tls, words] of cases)
    await expect(startTestHub({ home, tls })).rejects.toMatchObject({
      code: "tls_certificate_invalid",
      message: expect.stringContaining(words),
    });
  const late = createManualClock(Date.now() + 900 * 86_400_000);
  await expect(startTestHub({ home, tls: { certFile, keyFile }, clock: late })).rejects.toMatchObject({
    message: expect.stringContaining("ended on"),
  });
});
