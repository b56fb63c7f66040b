import { describe, expect, test } from "bun:test";
import { createCredentials, hubOrigin, type KeyValue } from "./credentials.ts";
import { offerOf } from "./hub-offer.ts";

function memory(): KeyValue & { values: Map<string, string> } {
  const values = new Map<string, string>();
  return {
    values,
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
}

const OWN = "https://hub.example";

describe("credentials", () => {
  test("a link to another hub changes nothing; what the person agreed to does, under that hub's address", () => {
    const storage = memory();
    const credentials = createCredentials(storage, OWN);
    credentials.save("mine");
    const before = [...storage.values];
    const offer = offerOf({ token: " secret ", hub: "https://other.example/path?x" }, credentials);
    expect(offer).toEqual({ kind: "other-hub", hub: "https://other.example", token: "secret" });
    expect([...storage.values]).toEqual(before);
    if (offer.kind === "other-hub") credentials.takeHub(offer);
    expect([credentials.baseUrl(), credentials.token(), credentials.isOwnHub()]).toEqual(["https://other.example", "secret", false]);
  });

  test("the token of one hub is not offered to another", () => {
    const credentials = createCredentials(memory(), OWN);
    credentials.save("mine");
    credentials.takeHub({ hub: "https://other.example", token: null });
    expect(credentials.token()).toBeNull();
    credentials.useOwnHub();
    expect(credentials.token()).toBe("mine");
  });

  test("a link to the hub one uses, with the token one has, asks for nothing", () => {
    const credentials = createCredentials(memory(), OWN);
    credentials.save("mine");
    for (const link of [{}, { hub: `${OWN}/` }, { token: " mine " }, { token: " " }, { hub: "javascript:alert(1)" }])
      expect(offerOf(link, credentials)).toEqual({ kind: "none" });
    expect(offerOf({ hub: OWN, token: "other" }, credentials)).toEqual({ kind: "token", token: "other" });
  });

  test.each(["javascript:alert(1)", "not a url", "ftp://x", "", "http://"])("%p is no hub", (text) => {
    expect(hubOrigin(text)).toBeNull();
  });

  test("signing out forgets only this hub's token", () => {
    const storage = memory();
    const credentials = createCredentials(storage, OWN);
    storage.setItem("hapi_access_token::https://x", "other");
    credentials.save("mine");
    credentials.forget();
    expect([...storage.values.keys()]).toEqual(["hapi_access_token::https://x"]);
  });
});
