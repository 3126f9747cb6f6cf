// What must not be quoted to anybody: keys, tokens, passwords. Logs and agents' words are full of them by accident, and
// what is quoted once is in GitHub, Slack, T3 and the log for good. Each find is replaced by a word that says what it was.

const SECRET = "[secret]";

/** Formats that their makers document, so that secret scanners find them: hardly ever anything else. */
const TOKENS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]{0,10000}?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255})/g,
  /\bglpat-[A-Za-z0-9_-]{20,}/g,
  /\bxox[a-z]-[A-Za-z0-9-]{10,}/g,
  /\bxapp-[A-Za-z0-9-]{10,}/g,
  /https:\/\/hooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9/_-]+/g,
  /\b(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b/g,
  /\bAIza[A-Za-z0-9_-]{35}/g,
  /\bya29\.[A-Za-z0-9_-]{20,}/g,
  /\bsk-(?:ant-|proj-|live-|svcacct-)?[A-Za-z0-9_-]{20,}/g,
  /\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}/g,
  /\bnpm_[A-Za-z0-9]{36}\b/g,
  /\bpypi-[A-Za-z0-9_-]{40,}/g,
  /\bdckr_pat_[A-Za-z0-9_-]{20,}/g,
  /\bhv[sb]\.[A-Za-z0-9_-]{20,}/g,
  /\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}/g,
  // A JSON web token, and any other JSON with its signature behind a dot (as T3 signs its own).
  /\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]{8,}){1,2}/g,
];

/** `Authorization: Bearer …` and what curl is given. */
const HEADER = /\b((?:proxy-)?authorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|token|digest)\s+)?)[^\s"',;]+/gi;
const BEARER = /\b(bearer\s+)[A-Za-z0-9._~+/=-]{12,}/gi;
/** A password in an address: `https://user:secret@host`. */
const USERINFO = /\b([a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@"'<>]{0,100}:)[^\s/@"'<>]{1,300}(?=@)/gi;
/** `DB_PASSWORD=…`, `"apiKey": "…"`, `--token …`: named as one, so taken for one. */
const ASSIGNED =
  /((?:^|[^A-Za-z])["']?[A-Za-z0-9_.-]{0,60}?(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)["']?(?:\s*(?::|=>?)\s*|\s+(?=["'])))(?:"[^"\n]{4,}"|'[^'\n]{4,}'|[^\s"',;(){}[\]<>]{6,})/gim;

export type Redact = (text: string) => string;

/** Takes secrets out of a text. `known` are this bot's own, word for word; `more` are the operator's expressions. */
export function createRedact(known: readonly string[], more: readonly string[]): Redact {
  const patterns = more.map((source) => new RegExp(source, "g"));
  const words = known.filter((word) => word.length >= 8).sort((a, b) => b.length - a.length);
  return (text) => {
    let out = text;
    for (const word of words) out = out.replaceAll(word, SECRET);
    for (const pattern of patterns) out = out.replaceAll(pattern, SECRET);
    for (const token of TOKENS) out = out.replaceAll(token, SECRET);
    out = out.replaceAll(HEADER, `$1${SECRET}`).replaceAll(BEARER, `$1${SECRET}`).replaceAll(USERINFO, `$1${SECRET}`);
    return out.replaceAll(ASSIGNED, `$1${SECRET}`);
  };
}

/** Every text in a value, however deep; everything else as it is. */
export function redactAll<T>(value: T, redact: Redact): T {
  if (typeof value === "string") return redact(value) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => redactAll(item, redact)) as T;
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, redactAll(inner, redact)])) as T;
}
