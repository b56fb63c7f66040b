/** What a stranger's view of a hub means, line by line, each with what to do about it. Pure: asked is in `outside.ts` and `inside.ts`. */
import { securityHeaders } from "@hapi/hub";
import { cleanLine } from "@hapi/platform";
import { type Finding, type Judgement, note, ok, problem } from "./finding.ts";
import type { InsideView, SharedToken } from "./inside.ts";
import { judgeCertificate, judgeHsts, judgePlain } from "./judge-transport.ts";
import { judgeGuessing, judgeWay } from "./judge-way.ts";
import { type Answer, bodyOf, codeOf, inWords, isAnswer, isHealthOfHub, type NoAnswer, type OutsideView } from "./outside.ts";

export function judge(view: OutsideView, inside: InsideView, now: number): Finding[] {
  const { health, hub, certificate, plain } = view;
  const isNowhere = !isAnswer(health) && !(plain && isAnswer(plain.answer));
  if (isNowhere) return [{ name: "Reachable", ...judgeHealth(view) }];
  const lines: [string, Judgement | null][] = [
    ["Reachable", judgeHealth(view)],
    ["TLS", judgeCertificate(certificate, inside, now)],
    ["Plain HTTP", judgePlain(plain)],
  ];
  if (hub)
    lines.push(
      ["HSTS", view.certificate && judgeHsts(hub.noToken)],
      ["Pages", judgePage(hub.page)],
      ["Answers", judgeAnswerHeaders(hub.noToken)],
      ["Other names", judgeForeignName(hub.foreignName, view.certificate !== null)],
      ["Other sites", judgeForeignSocket(hub.foreignSocket) ?? judgeForeignPage(hub.foreignPage)],
      ["Own pages", judgeOwnPage(hub.wrongToken, view.url)],
      ["No token", judgeNoToken(hub.noToken)],
      ["Guessing", judgeGuessing(hub.wrongToken, inside)],
      ["Who asks", judgeWay(view, inside)],
      ["Shared token", judgeShared(inside.shared)],
    );
  return lines.flatMap(([name, found]) => (found ? [{ name, ...found, text: cleanLine(found.text) }] : []));
}

function judgeHealth({ url, health }: OutsideView): Judgement {
  if (!isAnswer(health))
    return problem(`${url.origin} does not answer (${health.failed}); is the hub running, and do name, port and firewall lead to it?`);
  if (isHealthOfHub(health)) return ok(`a hub answers at ${url.origin}`);
  if (health.text.includes("HAPI_TRUSTED_PROXIES") || codeOf(health) === "tls_required")
    return problem(
      "the hub refuses what comes this way, since it does not know the proxy; start it with the proxy's address in HAPI_TRUSTED_PROXIES",
    );
  if (health.status === 421) return problem(`the hub does not know the name ${url.hostname}; start it with HAPI_PUBLIC_URL=${url.origin}`);
  return judgeStranger(url, health);
}

/** Something answers that does not speak like a hub. */
function judgeStranger({ origin }: URL, health: Answer): Judgement {
  const to = health.status >= 300 && health.status < 400 ? URL.parse(health.headers.get("location") ?? "", origin) : null;
  if (to?.pathname === "/health" && to.origin !== origin)
    return problem(`it sends everybody on to ${to.origin}; ask about that address, and set HAPI_PUBLIC_URL to it`);
  // A gateway with accounts of its own: what lies behind it no stranger sees.
  if (to !== null || health.status === 401 || health.status === 403)
    return note(
      `what stands in front wants a sign-in of its own (${to?.origin ?? inWords(health)}); what is behind it can't be seen from here`,
    );
  return problem(`something answers at ${origin}, but no hub (${inWords(health)}); look where the proxy or tunnel leads`);
}

/** A policy that lets text become a script. */
const loosePolicy = /script-src[^;]*(?:'unsafe-|\*|http:|https:|data:)/;

function judgePage(page: Answer | NoAnswer): Judgement {
  const type = isAnswer(page) ? (page.headers.get("content-type") ?? "") : "";
  if (!isAnswer(page) || !type.startsWith("text/html"))
    return note(`the web app is not there (${inWords(page)}), so that its headers can't be judged; build it with: npm run build`);
  const wanted = securityHeaders("text/html");
  const missing = Object.keys(wanted).filter((name) => !page.headers.has(name));
  if (missing.length > 0) return problem(`the page comes without ${missing.join(", ")}; let the proxy hand on what the hub sends`);
  const policy = page.headers.get("content-security-policy") ?? "";
  if (loosePolicy.test(policy) || !policy.includes("script-src"))
    return problem("its content-security-policy lets text become a script; let the proxy hand on the hub's own");
  const changed = Object.entries(wanted).flatMap(([name, value]) => (page.headers.get(name) === value ? [] : [name]));
  if (changed.length > 0)
    return note(`${changed.join(", ")}: not as this version of the hub sends it; let the proxy neither change nor double it`);
  return ok("content-security-policy and the other headers of the page are the hub's own");
}

function judgeAnswerHeaders(answer: Answer | NoAnswer): Judgement {
  if (!isAnswer(answer)) return problem(`the API does not answer (${answer.failed}); let the proxy hand on /api, /cli and /socket.io`);
  const { headers } = answer;
  const bad = [
    headers.get("x-content-type-options") !== "nosniff" && "x-content-type-options: nosniff",
    !/\bno-store\b/.test(headers.get("cache-control") ?? "") && "cache-control: no-store",
    !headers.has("content-security-policy") && "content-security-policy",
  ].filter((name) => name !== false);
  if (bad.length > 0) return problem(`answers of the API come without ${bad.join(", ")}; let the proxy hand on what the hub sends`);
  const told = ["server", "x-powered-by"].find((name) => /\d/.test(headers.get(name) ?? ""));
  if (told) return note(`the proxy tells everybody its version (${told}: ${headers.get(told)}); switch that off there`);
  return ok("answers of the API are kept by nobody and taken for no page");
}

function judgeForeignName(answer: Answer | NoAnswer, isTls: boolean): Judgement {
  if (!isHealthOfHub(answer)) return ok(`asked by a foreign name it does not answer (${inWords(answer)})`);
  const text =
    "it answers to any name; take * out of HAPI_ALLOWED_HOSTS, and let the proxy keep the Host it was asked by and serve its own names only";
  // The foreign name's pages would need a certificate for it.
  return isTls ? note(text) : problem(text);
}

function judgeForeignPage(answer: Answer | NoAnswer): Judgement {
  const code = codeOf(answer);
  if (code === "origin_refused" || code === "cross_site_refused") return ok("pages of other sites are refused");
  if (isAnswer(answer) && answer.status === 403) return ok("pages of other sites are refused by what stands in front");
  if (code !== null)
    return problem("pages of other sites may send it requests; take * out of CORS_ORIGINS, and let the proxy hand on Origin as it came");
  return note(`whether pages of other sites are refused can't be told (${inWords(answer)}); look at what stands in front`);
}

/** Only what is wrong: who refuses the one refuses the other. */
function judgeForeignSocket(answer: Answer | NoAnswer): Judgement | null {
  const isOpened = isAnswer(answer) && answer.status === 200 && answer.text.includes('"sid"');
  if (!isOpened) return null;
  return problem(
    "pages of other sites may open sockets to it; take * out of CORS_ORIGINS, and let the proxy hand on Origin at /socket.io too",
  );
}

function judgeOwnPage(answer: Answer | NoAnswer, { origin }: URL): Judgement {
  if (codeOf(answer) === "origin_refused")
    return problem(`the hub refuses its own pages at this address; start it with HAPI_PUBLIC_URL=${origin}`);
  if (isAnswer(answer) && (answer.status === 401 || answer.status === 429)) return ok("the app's own pages are heard");
  return note(`whether the app's own pages are heard can't be told (${inWords(answer)})`);
}

function judgeNoToken(answer: Answer | NoAnswer): Judgement {
  if (!isAnswer(answer)) return note(`the API can't be asked (${answer.failed})`);
  if (answer.status < 300) return problem("the API answers without a token; look at what stands in front, it must add none of its own");
  if (answer.status !== 401) return note(`without a token the API answers ${answer.status} instead of 401; look at what stands in front`);
  const said = Object.keys(bodyOf(answer) ?? {}).filter((name) => name !== "error" && name !== "code");
  if (codeOf(answer) === null || said.length > 0)
    return note(
      `without a token it says more than that (${said.join(", ") || "in words that are not the hub's"}); look at what stands in front`,
    );
  return ok("401, and nothing else is said");
}

function judgeShared(shared: SharedToken): Judgement {
  if (shared.state === "off") return ok("off: each device and program has a credential of its own");
  if (shared.state === "unknown")
    return note(`no outsider can tell whether it is open, and ${shared.why}; on the hub's machine see: hapi auth devices`);
  if (shared.isWeak) return problem("open, and easy to guess; unset CLI_API_TOKEN and restart the hub, which makes a better one");
  const role = shared.role === null ? "with everything" : `as ${shared.role}`;
  return note(`open ${role}: whoever has it comes in for ever; give each device its own, then: hapi auth revoke legacy`);
}
