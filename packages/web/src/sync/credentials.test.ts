import { describe, expect, test } from "bun:test";
import { createCredentials, hubOrigin, type KeyValue } from "./credentials.ts";

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
  test("a link's token is stored under the hub it came with", () => {
    const storage = memory();
    const credentials = createCredentials(storage, OWN);
    credentials.takeLink({ token: " secret ", hub: "https://other.example/path?x" });
    expect(credentials.baseUrl()).toBe("https://other.example");
    expect(storage.values.get("hapi_access_token::https://other.example")).toBe("secret");
    expect(credentials.isOwnHub()).toBe(false);
  });

  test("the token of one hub is not offered to another", () => {
    const credentials = createCredentials(memory(), OWN);
    credentials.takeLink({ token: "mine" });
    credentials.takeLink({ hub: "https://other.example" });
    expect(credentials.token()).toBeNull();
    credentials.useOwnHub();
    expect(credentials.token()).toBe("mine");
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
