// The part of the GraphQL query language that clients use: operations with variables, fields with aliases and
// arguments, fragments, and the directives @include and @skip. Descriptions and type definitions are not parsed.

export type Value =
  | { readonly kind: "literal"; readonly value: string | number | boolean | null }
  | { readonly kind: "enum"; readonly name: string }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "list"; readonly items: readonly Value[] }
  | { readonly kind: "object"; readonly fields: ReadonlyMap<string, Value> };

export type Directive = { readonly name: string; readonly args: ReadonlyMap<string, Value> };

export type Selection =
  | {
      readonly kind: "field";
      readonly name: string;
      readonly alias: string;
      readonly args: ReadonlyMap<string, Value>;
      readonly directives: readonly Directive[];
      readonly selections: readonly Selection[] | undefined;
    }
  | {
      readonly kind: "inline";
      readonly on: string | undefined;
      readonly directives: readonly Directive[];
      readonly selections: readonly Selection[];
    }
  | { readonly kind: "spread"; readonly name: string; readonly directives: readonly Directive[] };

export type Variable = { readonly name: string; readonly required: boolean; readonly fallback: Value | undefined };

export type Operation = {
  readonly kind: "query" | "mutation" | "subscription";
  readonly name: string | undefined;
  readonly variables: readonly Variable[];
  readonly selections: readonly Selection[];
};

export type Document = {
  readonly operations: readonly Operation[];
  readonly fragments: ReadonlyMap<string, { readonly on: string; readonly selections: readonly Selection[] }>;
};

/** A query that is no GraphQL. The message is for the client. */
export class ParseError extends Error {}

const token =
  /[\s,\uFEFF]+|#[^\n]*|("""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"|\.\.\.|[A-Za-z_]\w*|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[!$&()=:@[\]{}|])/y;

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const match = token.exec(text);
    if (match === null)
      throw new ParseError(`Expected one of SCHEMA, SCALAR, TYPE, ENUM…, actual: UNKNOWN_CHAR at ${at}`);
    if (match[1] !== undefined) tokens.push(match[1]);
  }
  return tokens;
}

/** Throws ParseError. */
export function parseDocument(text: string): Document {
  const tokens = tokenize(text);
  let at = 0;

  const peek = (): string => tokens[at] ?? "";
  function next(): string {
    const found = tokens[at];
    if (found === undefined) throw new ParseError("Unexpected end of document");
    at += 1;
    return found;
  }
  function take(wanted: string): boolean {
    if (peek() !== wanted) return false;
    at += 1;
    return true;
  }
  function expect(wanted: string): void {
    const found = next();
    if (found !== wanted) throw new ParseError(`Expected ${wanted}, actual: ${found}`);
  }
  function name(): string {
    const found = next();
    if (!/^[A-Za-z_]/.test(found)) throw new ParseError(`Expected a name, actual: ${found}`);
    return found;
  }

  function value(): Value {
    const first = next();
    if (first === "$") return { kind: "variable", name: name() };
    if (first === "[") {
      const items: Value[] = [];
      while (!take("]")) items.push(value());
      return { kind: "list", items };
    }
    if (first === "{") {
      const fields = new Map<string, Value>();
      while (!take("}")) {
        const field = name();
        expect(":");
        fields.set(field, value());
      }
      return { kind: "object", fields };
    }
    if (first.startsWith('"""')) return { kind: "literal", value: first.slice(3, -3) };
    if (first.startsWith('"')) return { kind: "literal", value: String(JSON.parse(first)) };
    if (/^-?\d/.test(first)) return { kind: "literal", value: Number(first) };
    if (first === "true" || first === "false") return { kind: "literal", value: first === "true" };
    if (first === "null") return { kind: "literal", value: null };
    if (/^[A-Za-z_]/.test(first)) return { kind: "enum", name: first };
    throw new ParseError(`Expected a value, actual: ${first}`);
  }

  function args(): Map<string, Value> {
    const found = new Map<string, Value>();
    if (!take("(")) return found;
    while (!take(")")) {
      const argument = name();
      expect(":");
      found.set(argument, value());
    }
    return found;
  }

  function directives(): Directive[] {
    const found: Directive[] = [];
    while (take("@")) found.push({ name: name(), args: args() });
    return found;
  }

  function selections(): Selection[] {
    expect("{");
    const found: Selection[] = [];
    while (!take("}")) found.push(selection());
    if (found.length === 0) throw new ParseError("Expected a selection, actual: }");
    return found;
  }

  function selection(): Selection {
    if (take("...")) {
      if (peek() === "{" || peek() === "@" || peek() === "on") {
        const on = take("on") ? name() : undefined;
        return { kind: "inline", on, directives: directives(), selections: selections() };
      }
      return { kind: "spread", name: name(), directives: directives() };
    }
    const first = name();
    const field = take(":") ? name() : first;
    const given = args();
    const marks = directives();
    const inner = peek() === "{" ? selections() : undefined;
    return { kind: "field", name: field, alias: first, args: given, directives: marks, selections: inner };
  }

  function variables(): Variable[] {
    const found: Variable[] = [];
    if (!take("(")) return found;
    while (!take(")")) {
      expect("$");
      const variable = name();
      expect(":");
      const required = type();
      found.push({ name: variable, required, fallback: take("=") ? value() : undefined });
    }
    return found;
  }

  /** Reads a type; tells whether it is required. What it is, the resolvers check. */
  function type(): boolean {
    if (take("[")) {
      type();
      expect("]");
    } else name();
    return take("!");
  }

  function operation(): Operation {
    if (peek() === "{") return { kind: "query", name: undefined, variables: [], selections: selections() };
    const kind = next();
    if (kind !== "query" && kind !== "mutation" && kind !== "subscription") {
      throw new ParseError(`Expected query, mutation or fragment, actual: ${kind}`);
    }
    const named = /^[A-Za-z_]/.test(peek()) ? name() : undefined;
    const declared = variables();
    directives();
    return { kind, name: named, variables: declared, selections: selections() };
  }

  const operations: Operation[] = [];
  const fragments = new Map<string, { on: string; selections: Selection[] }>();
  while (at < tokens.length) {
    if (take("fragment")) {
      const fragment = name();
      expect("on");
      const on = name();
      directives();
      fragments.set(fragment, { on, selections: selections() });
    } else operations.push(operation());
  }
  return { operations, fragments };
}
