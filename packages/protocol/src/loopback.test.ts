import { expect, test } from "bun:test";
import { isLoopbackAddress, isLoopbackHost } from "./loopback.ts";

test.each(["127.0.0.1", "127.8.4.2", "127.1", "::1", "::ffff:127.0.0.1", "::FFFF:127.0.0.1"])(
  "%s is an address of this computer",
  (address) => {
    expect([isLoopbackAddress(address), isLoopbackHost(address), isLoopbackHost(`[${address}]`)]).toEqual([true, true, true]);
  },
);

test.each(["localhost", "LOCALHOST", "hapi.localhost"])("%s is a name of it, and no address", (name) => {
  expect([isLoopbackHost(name), isLoopbackAddress(name)]).toEqual([true, false]);
});

test.each(["127.0.0.1.example.org", "127.example.org", "localhost.example.org", "mylocalhost", "::1:1", "10.0.0.9", "128.0.0.1", ""])(
  "%s is elsewhere",
  (host) => expect([isLoopbackHost(host), isLoopbackAddress(host)]).toEqual([false, false]),
);
