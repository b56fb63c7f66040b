/** `hapi doctor --public`: what somebody from the internet would see of a hub. */
import { hapiHome, loadSettings, runningHub, systemClock } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import { isSet, type CommandContext, type ParsedWords } from "../../command.ts";
import { publicUrlOf } from "../../public-url.ts";
import { webAddress } from "../../web-address.ts";
import { exitCodeOf, type Finding, printFindings } from "./finding.ts";
import { lookFromInside } from "./inside.ts";
import { judge } from "./judge.ts";
import { lookFromOutside } from "./outside.ts";

export async function lookAtPublic(words: ParsedWords, context: CommandContext): Promise<number> {
  const url = urlToAsk(words.positionals[0], context.env);
  const findings = await examinePublic(url, context.env);
  if (isSet(words, "json")) context.terminal.json({ url: url.origin, findings });
  else printFindings(context, findings, "!");
  return exitCodeOf(findings);
}

export async function examinePublic(url: URL, env: CommandContext["env"]): Promise<Finding[]> {
  const view = await lookFromOutside(url);
  return judge(view, await lookFromInside(view, env), systemClock.now());
}

/** The given one, the owner's word for it, or where the hub of this home lets others in. */
function urlToAsk(given: string | undefined, env: CommandContext["env"]): URL {
  if (given !== undefined) return checked(given);
  const home = hapiHome(env);
  const said = publicUrlOf(env["HAPI_PUBLIC_URL"] || loadSettings(home)["publicUrl"]);
  if (said !== null) return new URL(said);
  const here = runningHub(home);
  if (here?.url !== undefined) {
    const { url, reach } = webAddress({ url: here.url, publicUrl: null, token: "", front: here.front, isOpen: here.isOpen });
    if (reach !== "computer") return new URL(url);
  }
  throw new AppError(
    "invalid_query",
    "No address is known by which others reach a hub. Say it: hapi doctor --public https://hapi.example.org, or set HAPI_PUBLIC_URL.",
  );
}

function checked(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol === "https:" || url?.protocol === "http:") return url;
  throw new AppError("invalid_query", `The address must be one like https://hapi.example.org, not "${text}". See: hapi doctor --help`);
}
