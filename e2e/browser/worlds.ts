/** What a file of flows runs in, from its first test to its last: one browser, and a scripted hub fresh for each test or one real hub for all. */
import { afterAll, afterEach, beforeAll, beforeEach } from "bun:test";
import type { Browser } from "playwright-core";
import { type FixtureHub, startFixtureHub } from "./fixture-hub.ts";
import { launchBrowser, WEB_ROOT } from "./harness.ts";
import { type RealHub, startHubWithDemo } from "./real-hub.ts";

export interface World<Hub> {
  readonly browser: Browser;
  readonly hub: Hub;
}

export function fixtureWorld(): World<FixtureHub> {
  let browser: Browser;
  let hub: FixtureHub;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());
  beforeEach(() => {
    hub = startFixtureHub({ webRoot: WEB_ROOT });
  });
  afterEach(() => hub.stop());
  return {
    get browser() {
      return browser;
    },
    get hub() {
      return hub;
    },
  };
}

export function realWorld(): World<RealHub> {
  let browser: Browser;
  let hub: RealHub;
  beforeAll(async () => {
    [browser, hub] = await Promise.all([launchBrowser(), startHubWithDemo()]);
  }, 240_000);
  afterAll(async () => {
    await browser.close();
    await hub[Symbol.asyncDispose]();
  }, 120_000);
  return {
    get browser() {
      return browser;
    },
    get hub() {
      return hub;
    },
  };
}
