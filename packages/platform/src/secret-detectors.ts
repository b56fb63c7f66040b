/**
 * What a secret looks like: in a text, under a name, on a command line. One list for everything that leaves the process that holds it: logs,
 * diagnostics, exports. Pure. A detector that fits too much hides a harmless word; one that fits too little gives a credential away: the first is
 * the better mistake.
 */

export const HIDDEN = "[redacted]";

/** A field of this name holds a secret, whatever its value looks like. */
export const isSecretName = (name: string): boolean => SECRET_NAME.test(name);
const SECRET_NAME = /token$|^authorization$|secret|password|passphrase|cookie|api[_-]?key|private[_-]?key|^jwt$|credential/i;

interface Detector {
  /** What is found, for who reads this list. */
  readonly what: string;
  readonly pattern: RegExp;
  /** What stays of it. */
  readonly shown: string;
}

/** Every pattern is linear: a text that was made to be slow is read as fast as any other. */
const DETECTORS: readonly Detector[] = [
  {
    what: "PEM private key",
    // Cut short, it is one all the same.
    pattern: /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?:[^-]|-(?!----END))*(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?/g,
    shown: HIDDEN,
  },
  { what: "age identity", pattern: /\bAGE-SECRET-KEY-[A-Z0-9-]{20,}/gi, shown: HIDDEN },
  { what: "JSON web token", pattern: /\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, shown: HIDDEN },
  { what: "key of a model provider or payment service", pattern: /\b[srp]k[-_][A-Za-z0-9_-]{16,}/g, shown: HIDDEN },
  { what: "GitHub", pattern: /\b(?:gh[a-z]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,})/g, shown: HIDDEN },
  { what: "GitLab, npm, Hugging Face, PyPI", pattern: /\b(?:glpat-|npm_|hf_|pypi-)[A-Za-z0-9_-]{16,}/g, shown: HIDDEN },
  { what: "Slack", pattern: /\bxox[a-z]-[A-Za-z0-9-]{8,}/g, shown: HIDDEN },
  { what: "AWS access key", pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, shown: HIDDEN },
  { what: "Google API key", pattern: /\bAIza[A-Za-z0-9_-]{30,}/g, shown: HIDDEN },
  { what: "user and password in an address", pattern: /(:\/\/)[^\s/?#@"']{1,256}@/g, shown: `$1${HIDDEN}@` },
  { what: "Authorization header", pattern: /\b(bearer|basic)\s+[A-Za-z0-9._~+/=:-]{8,}/gi, shown: `$1 ${HIDDEN}` },
  {
    what: "parameter or variable with a secret's name",
    pattern:
      /((?:^|[?&#\s"';,{])[A-Za-z0-9_.-]{0,64}(?:token|secret|passw(?:or)?d|passphrase|api[_-]?key|private[_-]?key)=)(?:"[^"]*"|'[^']*'|[^&\s"'#;,]+)/gi,
    shown: `$1${HIDDEN}`,
  },
  {
    what: "header with a secret's name",
    pattern: /(\b(?:x-)?(?:api-key|auth-token)["']?\s*:\s*["']?)[^\s"',}]{4,}/gi,
    shown: `$1${HIDDEN}`,
  },
];

/** The same text without what looks like a secret. */
export function withoutSecretsIn(text: string): string {
  return DETECTORS.reduce((left, { pattern, shown }) => left.replace(pattern, shown), text);
}

/** The same JSON value, whole, without what looks like a secret or stands under a secret's name: for what leaves the hub on purpose. */
export function withoutSecretsDeep(value: unknown): unknown {
  if (typeof value === "string") return withoutSecretsIn(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutSecretsDeep);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, isSecretName(key) && typeof item === "string" ? HIDDEN : withoutSecretsDeep(item)]),
  );
}

const SECRET_FLAG = /key|token|secret|passw|auth|credential|header|settings|env|config|prompt/i;
/** A value that names nothing and could be a key. */
const BARE_KEY = /^(?:sk|pk|rk|ghp|gho|xox[a-z])[-_]|^[A-Za-z0-9+/=_-]{32,}$/;
const isSecretWord = (word: string): boolean => BARE_KEY.test(word) || withoutSecretsIn(word) !== word;

/**
 * A command line as it may be shown: names of flags stay. Of a flag that may carry a secret every value goes, up to the next flag (some take
 * several); behind `--` there are no flags any more, so whatever stands there may be anything, and goes too. `shown` is what a value becomes.
 */
export function withoutSecretArgs(args: readonly string[], shown = "***", shorten: (word: string) => string = (word) => word): string[] {
  const end = args.indexOf("--");
  const isBehind = (at: number): boolean => end >= 0 && at > end;
  let flag = "";
  return args.map((arg, at) => {
    if (isBehind(at)) return shown;
    if (!arg.startsWith("-")) return SECRET_FLAG.test(flag) || isSecretWord(arg) ? shown : shorten(arg);
    const equals = arg.indexOf("=");
    flag = equals < 0 ? arg : arg.slice(0, equals);
    // A flag that has its value may still be followed by more of them.
    if (equals < 0) return shorten(arg);
    return SECRET_FLAG.test(flag) || isSecretWord(arg.slice(equals + 1)) ? `${flag}=${shown}` : shorten(arg);
  });
}
