/** What a failed run says at its end. */
import { expect, test } from "bun:test";
import { failuresOf } from "./tests.mjs";

const report = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="4" assertions="1" failures="2" skipped="1" time="0.01">
  <testsuite name="a.test.ts" file="a.test.ts" tests="4" failures="2">
    <testsuite name="out &amp; er" file="a.test.ts" line="2" tests="2" failures="1">
      <testcase name="fails &quot;so&quot; &lt;b&gt;" classname="out &amp; er" time="0.001" file="a.test.ts" line="2" assertions="1">
        <failure type="AssertionError" message="not used">Expected: 2&#10;Received: 1&#10;</failure>
      </testcase>
      <testcase name="left out" classname="out &amp; er" time="0" file="a.test.ts" line="2" assertions="0">
        <skipped />
      </testcase>
    </testsuite>
    <testcase name="fine" classname="" time="0" file="a.test.ts" line="3" assertions="0" />
    <testcase name="times out" classname="" time="0" file="a.test.ts" line="4" assertions="0">
      <failure type="TimeoutError" message="too late" />
    </testcase>
  </testsuite>
</testsuites>`;

test("names each failed test with its file and its reason, and no other", () => {
  expect(failuresOf(report)).toEqual([
    'a.test.ts: out & er > fails "so" <b>\n    Expected: 2\n    Received: 1',
    "a.test.ts: times out\n    too late",
  ]);
  expect(failuresOf("<testsuites />")).toEqual([]);
});
