/**
 * What the benchmark sends: agent messages with a marker `[[bm <tag> <session> <index>]]`. Everything downstream is recognised by its
 * marker only, so that a hub may store and show the rest as it likes.
 */

const letters = "etaoinshrdlucmfwypvbgkjqxz";

/** A small generator with a fixed seed: the same text in each round and at each hub. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

const words = makeWords();

function makeWords(): string[] {
  const random = randomFrom(12_345);
  return Array.from({ length: 900 }, () => {
    const length = 2 + Math.floor(random() * 8);
    return Array.from({ length }, () => letters[Math.floor(random() * random() * letters.length)]).join("");
  });
}

/** Letters and words about as frequent as in English: compresses two to three times. */
export function prose(length: number, seed = 1): string {
  const random = randomFrom(Math.imul(seed, 2_654_435_761));
  let text = "";
  while (text.length < length) text += words[Math.floor(random() * random() * words.length)]! + (random() < 0.12 ? ". " : " ");
  return text.slice(0, length);
}

export type BodySize = 1 | 20;

/** So many different bodies that a compressor's window never holds the next one. */
const variants = 97;
const bodies: Record<BodySize, readonly string[]> = {
  1: Array.from({ length: variants }, (_, index) => prose(700, index + 3)),
  20: Array.from({ length: variants }, (_, index) => prose(20 * 1024 - 330, index + 400)),
};
let nextBody = 0;

/** A body that makes the whole frame about 1 KB or 20 KB. */
export const bodyOf = (size: BodySize): string => bodies[size][nextBody++ % variants]!;

export interface Mark {
  tag: string;
  session: number;
  index: number;
}

/** The `message` of a frame, as JSON text. */
export function messageText({ tag, session, index }: Mark, body: string): string {
  const text = `[[bm ${tag} ${session} ${index}]] ${body}`;
  const data = `{"type":"assistant","uuid":"${tag}-${session}-${index}","message":{"role":"assistant","model":"m","content":[{"type":"text","text":"${text}"}]}}`;
  return `{"role":"agent","content":{"type":"output","data":${data}},"meta":{"sentFrom":"cli"}}`;
}

/** A whole packet without an ack, as existing CLIs send it. */
export function messagePacket(sessionId: string, mark: Mark, body: string): string {
  return `42/cli,["message",{"sid":"${sessionId}","message":${messageText(mark, body)}}]`;
}

/** The part between the brackets of a packet with a key, as our own session process sends it. */
export function keyedMessage(sessionId: string, mark: Mark, body: string): string {
  const key = `${mark.tag}-${mark.session}-${mark.index}`;
  return `"message",{"sid":"${sessionId}","key":"${key}","createdAt":${Date.now()},"message":${messageText(mark, body)}}`;
}

/** Session and index of the first marker with this tag. */
export function markIn(text: string, tag: string): { session: number; index: number } | null {
  const opening = `[[bm ${tag} `;
  const start = text.indexOf(opening);
  if (start < 0) return null;
  const end = text.indexOf("]]", start);
  const space = text.indexOf(" ", start + opening.length);
  return { session: Number(text.slice(start + opening.length, space)), index: Number(text.slice(space + 1, end)) };
}
