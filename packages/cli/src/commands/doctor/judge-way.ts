/** Of `judge.ts`: for whom the hub takes those who come this way. It counts guesses and requests by that, so nobody may choose it. */
import { type Judgement, note, ok, problem } from "./finding.ts";
import type { InsideView } from "./inside.ts";
import { type Answer, inWords, isAnswer, madeUpAddress, type NoAnswer, type OutsideView } from "./outside.ts";

/** Of `packages/hub/src/auth/caller.ts`. */
const here = "this computer";
const behindProxy = "behind a proxy: ";
const silentProxy = "a silent proxy: ";

const isChosen = (caller: string): boolean => caller === behindProxy + madeUpAddress;

export function judgeGuessing(answer: Answer | NoAnswer, { caller, isDirect }: InsideView): Judgement {
  if (isAnswer(answer) && answer.status === 429) return ok("limited: who asks from here has to wait already");
  if (!isAnswer(answer) || answer.status !== 401)
    return note(`whether guesses are limited can't be told: a wrong token was answered otherwise (${inWords(answer)})`);
  if (isDirect)
    return note("a wrong token is refused; this computer's own programs are not limited, so ask by the address that others use");
  if (caller === null) return note("a wrong token is refused; whether guesses are counted can't be told from one");
  if (caller === here || isChosen(caller)) return problem("not limited for who comes this way; see: Who asks");
  return ok(`counted for ${caller}; after 30 in a minute it has to wait`);
}

export function judgeWay(view: OutsideView, inside: InsideView): Judgement {
  const { caller } = inside;
  if (inside.isDirect) return note("this computer, at the hub's own door; ask by the address that others use, to see how they come");
  if (caller === null)
    return note(
      inside.isHubHere
        ? "the log of the hub here has nothing of this question: another hub answered, or it heard another wrong token within a minute; wait that long and ask again"
        : "only the hub's own machine can tell whether its proxy is set up right; ask there too",
    );
  if (caller === here)
    return problem(
      "the proxy or tunnel on the hub's computer does not say who asks: everybody is this computer, which nothing limits; let it send X-Forwarded-For",
    );
  if (isChosen(caller))
    return problem(
      "who asks can choose who he is: the proxy hands on the X-Forwarded-For it was given; let it append the address it sees, or write its own",
    );
  if (caller.startsWith(silentProxy))
    return problem(
      `the proxy at ${caller.slice(silentProxy.length)} does not say who asks, and everybody counts as one; let it send X-Forwarded-For`,
    );
  if (caller.endsWith(": unclear") || caller.endsWith(": unknown"))
    return note(
      "X-Forwarded-For and Forwarded differ or say no address, and everybody counts as one; let the proxy write one, and drop the other",
    );
  if (caller.startsWith(behindProxy)) return ok(`the hub believes its proxy, and counts you as ${caller.slice(behindProxy.length)}`);
  return judgeDirect(view, inside, caller);
}

/** The connection's own address counts. Somebody who ends TLS on the way without being trusted is everybody. */
function judgeDirect({ certificate }: OutsideView, { fingerprint }: InsideView, caller: string): Judgement {
  const isEndedBefore = certificate !== null && "fingerprint" in certificate && certificate.fingerprint !== fingerprint;
  if (isEndedBefore)
    return problem(
      `TLS ends at ${caller}, which the hub does not take for its proxy: everybody counts as one; put that address into HAPI_TRUSTED_PROXIES`,
    );
  return ok(`the hub sees who connects, and counts you as ${caller}`);
}
