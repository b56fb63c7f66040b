/** Where a hub listens without being told twice, and where it does not. */
import { expect, test } from "bun:test";
import { planListening, type Reach } from "./plan.ts";

const plan = (reach: Partial<Reach>) =>
  planListening({ host: "127.0.0.1", port: 3006, tls: false, proxied: false, insecure: false, ...reach });

test("beyond this computer: TLS, proxies that have it, or somebody who insists; else one sentence with these ways", () => {
  for (const host of ["0.0.0.0", "::", "192.168.1.4", "fd00::1", "box.example", "localhost.example", "127.0.0.1.example"]) {
    const words = expect.stringMatching(/^On .* its way\. Give it --tls .*--tls-cert.*HAPI_TRUSTED_PROXIES.*tunnel.*--insecure-http\.$/);
    expect(() => plan({ host })).toThrow(expect.objectContaining({ code: "tls_required", message: words }));
    expect(plan({ host, tls: true }).front).toEqual({ host, port: 3006, tls: true });
    expect(plan({ host, proxied: true })).toMatchObject({ front: { tls: false }, proxiesOnly: true });
    expect(plan({ host, insecure: true })).toMatchObject({ front: { tls: false }, proxiesOnly: false, own: null });
  }
  for (const host of ["127.0.0.1", "127.0.0.2", "localhost", "::1", "[::1]"])
    expect(plan({ host })).toEqual({ front: { host, port: 3006, tls: false }, own: null, proxiesOnly: false });
});

test("programs of this computer keep a plain door of their own, on the port they know where it is free", () => {
  const own = (reach: Partial<Reach>) => plan(reach).own?.ports;
  expect(own({ host: "0.0.0.0", tls: true })).toEqual([3007, 0]);
  expect(own({ host: "127.0.0.1", tls: true })).toEqual([3007, 0]);
  expect(own({ host: "192.168.1.4", tls: true })).toEqual([3006, 0]);
  expect(own({ host: "0.0.0.0", tls: true, port: 0 })).toEqual([0]);
  expect(own({ host: "192.168.1.4", proxied: true })).toEqual([3006, 0]);
  expect(own({ host: "0.0.0.0", proxied: true })).toBeUndefined();
});
