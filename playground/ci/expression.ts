// GitHub's expressions: `${{ … }}` in values, and the conditions of `if`. Contexts, literals, comparison, logic and a
// few functions; what a context does not hold is null, and null is the empty string, as on github.com.

export type Status = "success" | "failure" | "cancelled";

export type Scope = {
  /** What came before: decides success(), failure() and cancelled(). */
  readonly status: Status;
  readonly contexts: Readonly<Record<string, unknown>>;
};

/** An expression that is none. */
export class ExpressionError extends Error {}

const token = /\s+|('(?:[^']|'')*'|-?\d+(?:\.\d+)?|[A-Za-z_][\w-]*|==|!=|&&|\|\||<=|>=|[!<>()[\].,])/y;

export function interpolate(text: string, scope: Scope): string {
  return text.replace(/\$\{\{([\s\S]*?)\}\}/g, (_, source: string) => asText(evaluate(source, scope)));
}

/** A condition without a status function holds only after success. */
export function holds(condition: string | undefined, scope: Scope): boolean {
  if (condition === undefined) return scope.status === "success";
  const source = condition.replace(/^\s*\$\{\{([\s\S]*)\}\}\s*$/, "$1");
  const value = truthy(evaluate(source, scope));
  const decidesItself = /\b(always|success|failure|cancelled)\s*\(/.test(source);
  return decidesItself ? value : value && scope.status === "success";
}

function evaluate(source: string, scope: Scope): unknown {
  const tokens = tokenize(source);
  let at = 0;

  function take(...wanted: string[]): string | undefined {
    const found = tokens[at];
    if (found === undefined || !wanted.includes(found)) return undefined;
    at += 1;
    return found;
  }
  function expect(wanted: string): void {
    if (take(wanted) === undefined) throw new ExpressionError(`Expected ${wanted} in: ${source}`);
  }

  function or(): unknown {
    let left = and();
    while (take("||")) {
      const right = and();
      left = truthy(left) ? left : right;
    }
    return left;
  }
  function and(): unknown {
    let left = comparison();
    while (take("&&")) {
      const right = comparison();
      left = truthy(left) ? right : left;
    }
    return left;
  }
  function comparison(): unknown {
    const left = unary();
    const operator = take("==", "!=", "<", ">", "<=", ">=");
    return operator === undefined ? left : compare(operator, left, unary());
  }
  function unary(): unknown {
    return take("!") ? !truthy(unary()) : postfix();
  }
  function postfix(): unknown {
    let value = primary();
    for (;;) {
      if (take(".")) value = member(value, tokens[at++] ?? "");
      else if (take("[")) {
        value = member(value, asText(or()));
        expect("]");
      } else return value;
    }
  }
  function primary(): unknown {
    const first = tokens[at++];
    if (first === undefined) throw new ExpressionError(`Unexpected end of: ${source}`);
    if (first === "(") {
      const inner = or();
      expect(")");
      return inner;
    }
    if (first.startsWith("'")) return first.slice(1, -1).replaceAll("''", "'");
    if (/^-?\d/.test(first)) return Number(first);
    if (first === "true" || first === "false") return first === "true";
    if (first === "null") return null;
    if (!/^[A-Za-z_]/.test(first)) throw new ExpressionError(`Unexpected ${first} in: ${source}`);
    return take("(") ? call(first, args(), scope) : member(scope.contexts, first);
  }
  function args(): unknown[] {
    const found: unknown[] = [];
    while (!take(")")) {
      found.push(or());
      take(",");
    }
    return found;
  }

  const value = or();
  if (at < tokens.length) throw new ExpressionError(`Unexpected ${tokens[at]} in: ${source}`);
  return value;
}

function tokenize(source: string): string[] {
  const tokens: string[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < source.length) {
    const match = token.exec(source);
    if (match === null) throw new ExpressionError(`Cannot read: ${source}`);
    if (match[1] !== undefined) tokens.push(match[1]);
  }
  return tokens;
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return null;
  const key = Object.keys(value).find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  return key === undefined ? null : (value as Record<string, unknown>)[key];
}

function call(name: string, args: readonly unknown[], { status }: Scope): unknown {
  const [first, second] = args.map((arg) => asText(arg).toLowerCase());
  switch (name.toLowerCase()) {
    case "always":
      return true;
    case "success":
      return status === "success";
    case "failure":
      return status === "failure";
    case "cancelled":
      return status === "cancelled";
    case "contains":
      if (Array.isArray(args[0])) return args[0].some((item) => asText(item).toLowerCase() === second);
      return (first ?? "").includes(second ?? "");
    case "startswith":
      return (first ?? "").startsWith(second ?? "");
    case "endswith":
      return (first ?? "").endsWith(second ?? "");
    case "format":
      return asText(args[0]).replace(/\{(\d+)\}/g, (_, n: string) => asText(args[Number(n) + 1]));
    case "tojson":
      return JSON.stringify(args[0], null, 2);
    default:
      throw new ExpressionError(`Unrecognized function: '${name}'`);
  }
}

/** Strings compare without letter case, everything else as numbers. */
function compare(operator: string, left: unknown, right: unknown): boolean {
  const text = typeof left === "string" && typeof right === "string";
  const a = text ? left.toLowerCase() : number(left);
  const b = text ? right.toLowerCase() : number(right);
  if (operator === "==") return a === b;
  if (operator === "!=") return a !== b;
  if (operator === "<") return a < b;
  if (operator === ">") return a > b;
  return operator === "<=" ? a <= b : a >= b;
}

function number(value: unknown): number {
  if (value === null || value === undefined) return 0;
  if (typeof value === "boolean") return value ? 1 : 0;
  return typeof value === "string" && value.trim() === "" ? 0 : Number(value);
}

function truthy(value: unknown): boolean {
  return !(value === false || value === 0 || value === "" || value === null || value === undefined);
}

function asText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? "Object" : String(value);
}
