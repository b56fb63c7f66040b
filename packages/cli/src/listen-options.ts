/** How the hub of this machine may be reached: flags before the environment, the environment before `settings.json`. */
import { resolve } from "node:path";
import { AppError } from "@hapi/protocol";
import type { HubListen } from "@hapi/platform";
import { isSet, textValue, type CommandContext, type ParsedWords } from "./command.ts";

/** The options of `hapi hub` for it, beside host and port. */
export const listenOptions = {
  tls: { type: "boolean", help: "over TLS, with a certificate that the hub makes itself (HAPI_TLS=1); its fingerprint is printed" },
  "tls-cert": { type: "string", value: "FILE", help: "over TLS, with your certificate; read again when it changes (HAPI_TLS_CERT)" },
  "tls-key": { type: "string", value: "FILE", help: "and its key (HAPI_TLS_KEY)" },
  "trusted-proxies": {
    type: "string",
    value: "LIST",
    help: "addresses or blocks of TLS proxies elsewhere, which alone may come, and whose X-Forwarded headers count (HAPI_TRUSTED_PROXIES)",
  },
  "insecure-http": {
    type: "boolean",
    help: "listen beyond this computer without any of that: whoever reads along can do everything you can",
  },
} as const;

export type Transport = Omit<HubListen, "host" | "port">;

export function transportOf(
  words: ParsedWords,
  { env, cwd }: Pick<CommandContext, "env" | "cwd">,
  settings: Readonly<Record<string, unknown>>,
): Transport {
  const text = (flag: string, variable: string, key: string): string | undefined => {
    const found = textValue(words, flag) ?? env[variable] ?? settings[key];
    return typeof found === "string" && found !== "" ? found : undefined;
  };
  const says = (flag: string, variable: string, key: string): boolean => isSet(words, flag) || isYes(env[variable] ?? settings[key]);
  const certFile = text("tls-cert", "HAPI_TLS_CERT", "tlsCert");
  const keyFile = text("tls-key", "HAPI_TLS_KEY", "tlsKey");
  if ((certFile === undefined) !== (keyFile === undefined))
    throw new AppError("invalid_query", "A certificate and its key belong together: give both --tls-cert and --tls-key.");
  const proxies = listOf(textValue(words, "trusted-proxies") ?? env["HAPI_TRUSTED_PROXIES"] ?? settings["trustedProxies"]);
  const transport: Transport = {};
  if (certFile !== undefined && keyFile !== undefined) transport.tls = { certFile: resolve(cwd, certFile), keyFile: resolve(cwd, keyFile) };
  else if (says("tls", "HAPI_TLS", "tls")) transport.tls = "own";
  if (proxies.length > 0) transport.trustedProxies = proxies;
  if (says("insecure-http", "HAPI_INSECURE_HTTP", "insecureHttp")) transport.insecureHttp = true;
  return transport;
}

/** The words that make a hub listen as one did. */
export function wordsOf({ host, port, tls, trustedProxies, insecureHttp }: HubListen): string[] {
  const words = ["--host", host, "--port", String(port)];
  if (tls === "own") words.push("--tls");
  else if (tls) words.push("--tls-cert", tls.certFile, "--tls-key", tls.keyFile);
  if (trustedProxies) words.push("--trusted-proxies", trustedProxies.join(","));
  if (insecureHttp) words.push("--insecure-http");
  return words;
}

const isYes = (value: unknown): boolean => value === true || (typeof value === "string" && /^(?:1|true|yes|own)$/i.test(value));

/** Words between commas, or a list. */
export const listOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value : String(value ?? "").split(",")).map((word) => String(word).trim()).filter((word) => word !== "");
