/**
 * The text of Socket.IO packets (protocol 5, https://socket.io/docs/v4/socket-io-protocol) inside Engine.IO messages (protocol 4, whose
 * message type is the leading `4`): `4<type>[/namespace,][id][json]`. Binary packets are not part of the hub's contract.
 */

export type Packet =
  | { type: "connect"; namespace: string; auth: Record<string, unknown> }
  | { type: "disconnect"; namespace: string }
  | { type: "event"; namespace: string; id: number | null; name: string; payload: unknown; text?: string }
  | { type: "ack"; namespace: string; id: number; answer: unknown };

const messageHead = '["message",';
const messageKey = '"message":';

/** Null: not a packet of the contract. */
export function decodePacket(text: string): Packet | null {
  const type = text.charCodeAt(1) - 48;
  let at = 2;
  let namespace = "/";
  if (text[at] === "/") {
    const comma = text.indexOf(",", at);
    const end = comma < 0 ? text.length : comma;
    namespace = text.slice(at, end).split("?", 1)[0] as string;
    at = end + 1;
  }
  if (type === 1) return { type: "disconnect", namespace };
  let id: number | null = null;
  for (let digit = text.charCodeAt(at) - 48; digit >= 0 && digit <= 9; digit = text.charCodeAt(++at) - 48) id = (id ?? 0) * 10 + digit;
  try {
    if (type === 0) return { type: "connect", namespace, auth: asObject(at < text.length ? JSON.parse(text.slice(at)) : {}) };
    if (type === 2) return decodeEvent(text, at, { namespace, id });
    if (type === 3 && id !== null) return { type: "ack", namespace, id, answer: asArray(JSON.parse(text.slice(at)))[0] };
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  return null;
}

function decodeEvent(text: string, at: number, facts: { namespace: string; id: number | null }): Packet | null {
  const cut = text.startsWith(messageHead, at) ? cutMessage(text, at + messageHead.length) : null;
  if (cut) return { type: "event", ...facts, name: "message", ...cut };
  const [name, payload] = asArray(JSON.parse(text.slice(at)));
  return typeof name === "string" ? { type: "event", ...facts, name, payload } : null;
}

/**
 * `{…,"message":<json>}]` with `message` as the last key, which is how it is sent: most of the hub's bytes are in it, and they are stored
 * as they came. The first `"message":` is a key for certain (inside a string its quotes would be escaped), and one of the outermost object
 * if what stands before it makes an object by itself. Null: another order of keys, or no JSON.
 */
function cutMessage(text: string, from: number): { payload: unknown; text?: string } | null {
  const key = text.indexOf(messageKey, from);
  if (key < 0 || text[from] !== "{" || !text.endsWith("}]")) return null;
  const json = text.slice(key + messageKey.length, -2);
  try {
    const payload = JSON.parse(`${text.slice(from, key)}${messageKey}null}`) as Record<string, unknown>;
    payload["message"] = JSON.parse(json);
    return json.includes("\n") || json.includes("\r") ? { payload } : { payload, text: json };
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    return null;
  }
}

const withNamespace = (namespace: string): string => (namespace === "/" ? "" : `${namespace},`);

export const encodeConnect = (namespace: string, sid: string): string => `40${withNamespace(namespace)}${JSON.stringify({ sid })}`;
export const encodeConnectError = (namespace: string, message: string): string =>
  `44${withNamespace(namespace)}${JSON.stringify({ message })}`;
export const encodeDisconnect = (namespace: string): string => `41${withNamespace(namespace)}`;
export const encodeEvent = (namespace: string, id: number | null, name: string, payload: unknown): string =>
  `42${withNamespace(namespace)}${id ?? ""}${JSON.stringify(payload === undefined ? [name] : [name, payload])}`;
export const encodeAck = (namespace: string, id: number, answer: unknown): string =>
  `43${withNamespace(namespace)}${id}${JSON.stringify(answer === undefined ? [] : [answer])}`;

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function asArray(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}
