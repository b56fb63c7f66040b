/**
 * What an agent, a web page that it read, or a file's name may try in the app: markup, links, escapes and pictures that want to run, in every place
 * where such text is shown. Nothing runs, nothing is fetched, no policy of the browser is even touched; and the nets would see it.
 */
import { expect, test } from "bun:test";
import type { AgentEvent, Session } from "@hapi/protocol";
import type { Page } from "playwright-core";
import { goToChat } from "./chat-page.ts";
import { IDLE } from "./fixture-data.ts";
import { openPage } from "./harness.ts";
import { fixtureWorld } from "./worlds.ts";

const world = fixtureWorld();

const RUN = "window.__ran=(window.__ran||0)+1";
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" onload="${RUN}"><script>${RUN}</script><foreignObject><img src="x" onerror="${RUN}"/></foreignObject><image href="https://evil.example/svg.png"/></svg>`;
const B64 = Buffer.from(SVG).toString("base64");

/** Each tries another way into a page. */
const CORPUS: readonly string[] = [
  `<script>${RUN}</script>`,
  `<img src=x onerror="${RUN}">`,
  `<svg/onload=${RUN}>`,
  `<svg><animate onbegin=${RUN} attributeName=x dur=1s>`,
  `<iframe srcdoc="<script>parent.${RUN}</script>"></iframe>`,
  `<iframe src="javascript:${RUN}"></iframe>`,
  `<object data="data:text/html,<script>${RUN}</script>"></object>`,
  `<embed src="data:image/svg+xml;base64,${B64}">`,
  `<base href="https://evil.example/">`,
  `<meta http-equiv="refresh" content="0;url=https://evil.example/">`,
  `<link rel="stylesheet" href="https://evil.example/x.css">`,
  `<style>@import url(https://evil.example/y.css); * { display: none }</style>`,
  `<form action="https://evil.example/"><input name=q autofocus onfocus="${RUN}"></form>`,
  `<details open ontoggle="${RUN}">x</details>`,
  `<video><source onerror="${RUN}"></video>`,
  `<math><mtext></p><style><!--</style><img title="--&gt;&lt;img src=1 onerror=${RUN}&gt;">`,
  `<noscript><p title="</noscript><img src=x onerror=${RUN}>">`,
  `<a href="javascript:${RUN}">raw</a>`,
  `[a](javascript:${RUN})`,
  `[b](JaVaScRiPt&colon;${RUN})`,
  `[c](&#106;avascript:${RUN})`,
  `[d](java\tscript:${RUN})`,
  `[e](\u0001javascript:${RUN})`,
  `[f](data:text/html;base64,${Buffer.from(`<script>${RUN}</script>`).toString("base64")})`,
  `[g](vbscript:x)`,
  `[h](blob:https://evil.example/1)`,
  `<javascript:${RUN}>`,
  `[i]: javascript:${RUN}\n\n[i]`,
  `![j](https://evil.example/pixel.png)`,
  `![k](data:image/svg+xml;base64,${B64})`,
  `![l](x" onerror="${RUN})`,
  `\`\`\`mermaid\ngraph TD; A["<img src=x onerror=${RUN}>"] --> B; click A "javascript:${RUN}"\n\`\`\``,
  `\`\`\`html\n<script>${RUN}</script>\n\`\`\``,
  `\`\`\`svg\n${SVG}\n\`\`\``,
  `| <img src=x onerror=${RUN}> | [m](javascript:${RUN}) |\n| --- | --- |\n| <svg onload=${RUN}> | x |`,
  `# <img src=x onerror=${RUN}>`,
  `> <img src=x onerror=${RUN}>\n> - [n](javascript:${RUN})`,
  `{{constructor.constructor("${RUN}")()}} \${${RUN}} <%= ${RUN} %>`,
  `__proto__[onerror]=${RUN}`,
  `\u001b]8;;javascript:${RUN}\u0007link\u001b]8;;\u0007 \u001b[31m<img src=x onerror=${RUN}>\u001b[0m \u001bP+q\u001b\\ \u009b31m`,
  SVG,
];
const NAME = `"><img src=x onerror=${RUN}>.ts`;

/** Everywhere the app shows what comes from elsewhere. */
function everywhere(text: string, index: number): AgentEvent[] {
  const id = `hostile-${index}`;
  const call = { kind: "execute", tool: text.slice(0, 60), title: text, input: { command: text, description: text } } as const;
  return [
    { type: "agent-message", id: `${id}-a`, text },
    { type: "user-message", id: `${id}-u`, text, origin: "terminal" },
    { type: "thought", id: `${id}-t`, text },
    { type: "tool-call", id: `${id}-c`, ...call },
    {
      type: "tool-result",
      id: `${id}-r`,
      callId: `${id}-c`,
      status: "failed",
      output: text,
      content: [
        { type: "terminal", command: text, stdout: text, stderr: text, exitCode: 1 },
        { type: "diff", path: `/src/${NAME}`, oldText: text, newText: `${text}\n${text}` },
        { type: "image", mimeType: "image/svg+xml", data: B64 },
        { type: "text", text },
      ],
    },
  ];
}

interface Found {
  ran: number;
  reports: string[];
  inPage: string[];
}

/** What the browser says, and what stands in the document that could still run. */
const look = (page: Page): Promise<Found> =>
  page.evaluate(() => {
    const inPage = [...document.querySelectorAll("*")].flatMap((element) => {
      const words: string[] = [];
      if (/^(?:iframe|object|embed|base|style|animate|foreignobject|video|math)$/i.test(element.tagName)) words.push(element.tagName);
      if (element.tagName === "SCRIPT" && !new URL((element as HTMLScriptElement).src, location.href).pathname.startsWith("/assets/"))
        words.push("SCRIPT");
      for (const { name, value } of element.attributes) {
        if (/^on/i.test(name)) words.push(`${element.tagName} ${name}`);
        if (
          /^(?:href|src|action|data|srcdoc|xlink:href)$/i.test(name) &&
          !/^(?:https?:|mailto:|blob:|data:image\/(?!svg)|\/|#)/.test(value)
        )
          words.push(`${element.tagName} ${name}=${value.slice(0, 80)}`);
      }
      return words;
    });
    const state = window as unknown as { __ran?: number; __reports: string[] };
    return { ran: state.__ran ?? 0, reports: state.__reports, inPage };
  });

function watchReports(): void {
  const state = window as unknown as { __reports: string[] };
  state.__reports = [];
  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sample }) =>
    state.__reports.push(`${violatedDirective} ${blockedURI} ${sample}`),
  );
}

const nothing: Found = { ran: 0, reports: [], inPage: [] };

test("nothing of the corpus runs, is fetched or touches a policy, wherever it is shown; all of it is there to be read", async () => {
  const { hub } = world;
  const session = hub.sessions.get(IDLE) as Session;
  await using open = await openPage(world.browser, { signedIn: hub, size: "desk" });
  const { page } = open;
  await page.addInitScript(watchReports);
  const elsewhere: string[] = [];
  page.on("request", (request) => request.url().startsWith("http") && !request.url().startsWith(hub.url) && elsewhere.push(request.url()));
  page.on("dialog", (dialog) => {
    elsewhere.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  hub.change(IDLE, (one) => ({
    ...one,
    metadata: { ...one.metadata!, name: CORPUS[1]!, path: `/home/ada/${NAME}`, summary: { text: SVG, updatedAt: 1 } },
  }));
  await goToChat(page, hub, IDLE);
  // A few at a time: what is far above the screen is not drawn.
  for (const [index, text] of CORPUS.entries()) {
    for (const event of everywhere(text, index)) hub.prompts.say(session, event);
    hub.prompts.say(session, { type: "agent-message", id: `end-${index}`, text: `That was number ${index}.` });
    await page.getByRole("region", { name: "Conversation" }).getByText(`That was number ${index}.`, { exact: true }).waitFor();
    expect([text, await look(page)]).toEqual([text, nothing]);
  }
  expect(await page.locator("body").innerText()).toContain("__ran");
  const folds = await page.evaluate(() => {
    const folded = [...document.querySelectorAll<HTMLElement>("main button[aria-expanded=false]")];
    for (const fold of folded) fold.click();
    return folded.length;
  });
  expect(folds).toBeGreaterThan(0);
  expect(await look(page)).toEqual(nothing);
  await page.goto(`${hub.url}/sessions`);
  await page.getByText("onerror").first().waitFor();
  expect(await look(page)).toEqual(nothing);
  expect([elsewhere, open.problems]).toEqual([[], []]);
}, 300_000);

test("the nets see what they are there for: markup made of text, a handler in markup, a script that is not the hub's", async () => {
  await using open = await openPage(world.browser, { signedIn: world.hub });
  const { page } = open;
  await page.addInitScript(watchReports);
  await goToChat(page, world.hub, IDLE);
  const planted = await page.evaluate(async (run) => {
    const refused = (action: () => void): boolean => {
      try {
        action();
        return false;
      } catch (cause) {
        return cause instanceof TypeError;
      }
    };
    const asText = [
      refused(() => (document.body.appendChild(document.createElement("div")).innerHTML = "<b>x</b>")),
      refused(() => void new Worker("/assets/other.js")),
      refused(() => void Reflect.apply(setTimeout, window, [run])),
    ];
    const handler = document.body.appendChild(document.createElement("p"));
    handler.setAttribute("data-x", "1");
    const script = document.createElement("script");
    const refusedSrc = refused(() => (script.src = "https://evil.example/x.js"));
    const style = document.createElement("style");
    style.textContent = "* { display: none }";
    document.head.append(style);
    const frame = document.createElement("iframe");
    frame.src = "https://evil.example/";
    // The last of them: each is told as a task of its own.
    const heard = new Promise<void>((resolve) =>
      document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => {
        if (effectiveDirective === "frame-src") resolve();
      }),
    );
    document.body.append(frame);
    await heard;
    return { asText, refusedSrc };
  }, RUN);
  expect(planted).toEqual({ asText: [true, true, true], refusedSrc: true });
  const found = await look(page);
  expect(found.ran).toBe(0);
  expect(found.inPage).toEqual(["STYLE", "IFRAME"]);
  for (const directive of ["require-trusted-types-for", "style-src", "frame-src"])
    expect(found.reports.some((report) => report.startsWith(directive))).toBe(true);
});
