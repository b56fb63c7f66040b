/** docs/protocol.md from the wire schemas: what is written there is what is checked. */
import * as z from "zod/mini";
import * as protocol from "@hapi/protocol";
import * as rpc from "@hapi/protocol/rpc";

interface JsonSchema {
  type?: string | string[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  enum?: unknown[];
  const?: unknown;
  additionalProperties?: boolean | JsonSchema;
}

const isSchema = (value: unknown): value is z.ZodMiniType => typeof value === "object" && value !== null && "_zod" in value;

function describe(schema: JsonSchema, depth = 0): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" \\| ");
  const options = schema.anyOf ?? schema.oneOf;
  if (options) return [...new Set(options.map((option) => describe(option, depth + 1)))].join(" \\| ");
  if (schema.type === "array") return `${describe(schema.items ?? {}, depth + 1)}[]`;
  if (schema.type === "object" && schema.properties && depth < 3) {
    const required = new Set(schema.required);
    const fields = Object.entries(schema.properties).map(([name, field]) => `${name}${required.has(name) ? "" : "?"}: ${describe(field, depth + 1)}`);
    return fields.length > 12 ? "object" : `{ ${fields.join(", ")} }`;
  }
  return Array.isArray(schema.type) ? schema.type.join(" \\| ") : (schema.type ?? "any");
}

/** Lines of a table without rows. */
const emptyTable = 4;

function tableOf(schema: z.ZodMiniType): string[] {
  const json = z.toJSONSchema(schema, { unrepresentable: "any", io: "input" }) as JsonSchema;
  if (!json.properties) return ["", describe(json), ""];
  const required = new Set(json.required);
  const rows = Object.entries(json.properties).map(([name, field]) => `| \`${name}\`${required.has(name) ? "" : "?"} | ${describe(field)} |`);
  return ["", "| field | shape |", "| --- | --- |", ...rows, ""];
}

function section(title: string, note: string, schemas: [string, z.ZodMiniType][]): string[] {
  return [`## ${title}`, "", note, "", ...schemas.flatMap(([name, schema]) => [`### ${name}`, ...tableOf(schema)])];
}

/** Of each call the waits in a line, then parameters and result, where there is anything to say of them. */
function calls(scope: string, table: Readonly<Record<string, rpc.RpcSpec>>, ofPeers: Readonly<Record<string, rpc.RpcSpec>>): string[] {
  const waits = ({ timeoutMs, readyMs, verdict }: rpc.RpcSpec): string =>
    [
      `The hub waits ${timeoutMs / 1000} s for the answer`,
      ...(readyMs > 0 ? [`${readyMs / 1000} s before that for the method`] : []),
      ...(verdict === null ? [] : [`\`${verdict}\` makes it a result, also with an \`error\``]),
    ].join("; ");
  const titled = (title: string, schema: z.ZodMiniType): string[] => {
    const rows = tableOf(schema);
    return rows.length > emptyTable ? [`${title}:`, ...rows] : [];
  };
  const entries = Object.values(table).flatMap((spec) => [`### ${spec.wire}`, "", `${waits(spec)}.`, "", ...titled("Parameters", spec.params), ...titled("Result", spec.result)]);
  const peers = Object.values(ofPeers).map(({ wire, timeoutMs }) => `\`${wire}\` (${timeoutMs / 1000} s)`);
  return [
    `## RPC of a ${scope}`,
    "",
    `\`<${scope} id>:<name>\`; parameters and answer are JSON strings. An answer with a text \`error\` is a refusal, with \`code\` where it names one. A result is`,
    "what the hub needs of it: more is handed on or passed over, less is `rpc_result_invalid`. Where no result stands any is one.",
    "",
    `Peers of other make are also asked ${peers.join(", ")}.`,
    "",
    ...entries,
  ];
}

const named = (suffix: RegExp): [string, z.ZodMiniType][] =>
  (Object.entries(protocol) as [string, unknown][])
    .filter((entry): entry is [string, z.ZodMiniType] => suffix.test(entry[0]) && isSchema(entry[1]))
    .map(([name, schema]) => [name.replace(suffix, ""), schema]);

export function protocolReference(): string {
  const events = (protocol.syncEventSchema as unknown as { _zod: { def: { options: z.ZodMiniType[] } } })._zod.def.options;
  const facts = (protocol.factSchema as unknown as { _zod: { def: { options: z.ZodMiniType[] } } })._zod.def.options;
  const constOf = (schema: z.ZodMiniType, key: string): string => {
    const json = z.toJSONSchema(schema, { unrepresentable: "any", io: "input" }) as JsonSchema;
    return String(json.properties?.[key]?.const);
  };
  const errors = protocol.errorCodes.map((code) => {
    const facts = protocol.errorFacts(code);
    return `| \`${code}\` | ${facts.status} | ${facts.retryable ? "yes" : "no"} | ${facts.text} |`;
  });
  return [
    "# Protocol reference",
    "",
    "Generated from `packages/protocol` by `npm run docs`; a test fails when it is stale. Client contract version",
    `${protocol.PROTOCOL_VERSION}: REST under \`/api\` (JWT) and \`/cli\` (access token), SSE at \`/api/events\`, Socket.IO namespace \`/cli\` at`,
    `\`${protocol.SOCKET_PATH}\`. A \`?\` marks what may be absent. Unknown fields are kept.`,
    "",
    ...section("Entities", "As they travel in answers and events.", named(/Schema$/).filter(([name]) => !["handshake", "ownDiagnostics", "syncEvent", "fact"].includes(name))),
    ...section("REST bodies", "Of requests; the routes are in `packages/hub`.", named(/Body$/)),
    ...section("SSE events", `One JSON object per frame. Capabilities a subscriber can ask for: ${protocol.SSE_CAPABILITIES.join(", ")}.`, events.map((schema) => [constOf(schema, "type"), schema])),
    ...section("Facts", `Version ${protocol.FACTS_VERSION}. What a row (\`seq\`) or a request means; kinds and fields that are not here are kept.`, facts.map((schema) => [constOf(schema, "kind"), schema])),
    ...section("Socket events to the hub", `Namespace \`/cli\`. Frames up to ${protocol.MAX_FRAME_BYTES / 1024 / 1024} MiB.`, Object.entries(protocol.clientEvents)),
    ...calls("session", { ...rpc.sessionRpc, ...rpc.fileRpc }, rpc.peerSessionRpc),
    ...calls("machine", rpc.machineRpc, rpc.peerMachineRpc),
    "## Errors",
    "",
    "Body of every error: `{error, code}`; clients branch on status and code.",
    "",
    "| code | status | try again | text |",
    "| --- | --- | --- | --- |",
    ...errors,
    "",
    "## Notices",
    "",
    "What HAPI itself says in a conversation: an `event` row of type `message` carries `code` and `params` beside its English sentence `message`. A parameter",
    "is a text, a number, a list of texts, `{code, message}` of an error, or `{mode}`, a permission mode. Who does not know a code shows `message`.",
    "",
    "| code | sentence |",
    "| --- | --- |",
    ...Object.entries(protocol.NOTICES).map(([code, text]) => `| \`${code}\` | ${text} |`),
    "",
    "## Capabilities of a session",
    "",
    "Flags in `metadata.capabilities`. Absent means that nobody said so, not that it can't be; what is not listed is kept and passed on.",
    "",
    "| flag | says | said by | read by |",
    "| --- | --- | --- | --- |",
    ...Object.entries(protocol.CAPABILITIES).map(([name, { says, by, alsoReadBy }]) => `| \`${name}\` | ${says} | ${by} | ${alsoReadBy ?? "HAPI"} |`),
    "",
    "## Permission modes",
    "",
    "| flavor | modes |",
    "| --- | --- |",
    ...protocol.FLAVORS.map((flavor) => `| ${flavor} | ${protocol.permissionModesOf(flavor).join(", ") || "none"} |`),
    "",
  ].join("\n");
}
