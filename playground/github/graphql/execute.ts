// Runs a parsed query over resolvers. An object is a type name, the interfaces that it counts as, and a function per
// field. A field that an object has not is an error, as with a schema, but only once the query gets there.

import { type Document, type Operation, ParseError, parseDocument, type Selection, type Value } from "./parse.ts";

export type Args = Readonly<Record<string, unknown>>;

export type GraphObject = {
  readonly type: string;
  readonly interfaces?: readonly string[];
  readonly fields: Readonly<Record<string, (args: Args) => unknown>>;
};

/** An error of one field: the field becomes null, the rest of the answer stands. */
export class FieldProblem extends Error {
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.name = "FieldProblem";
    this.type = type;
  }
}

/** An error of the whole query: nothing is answered. */
class QueryProblem extends Error {
  readonly path: readonly (string | number)[];
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(message: string, path: readonly (string | number)[], extensions: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = "QueryProblem";
    this.path = path;
    this.extensions = extensions;
  }
}

export type Outcome = { readonly data?: unknown; readonly errors?: readonly unknown[] };

export type Asked = { readonly query: string; readonly variables: Args; readonly operationName: string | undefined };

function isGraphObject(value: unknown): value is GraphObject {
  return typeof value === "object" && value !== null && "type" in value && "fields" in value;
}

export function execute(root: GraphObject, asked: Asked): Outcome {
  try {
    const document = parseDocument(asked.query);
    const operation = pick(document, asked.operationName);
    const variables = bind(operation, asked.variables);
    const errors: unknown[] = [];
    const data = select(root, operation.selections, [operation.kind]);
    return errors.length === 0 ? { data } : { data, errors };

    function select(
      object: GraphObject,
      selections: readonly Selection[],
      path: readonly (string | number)[],
    ): unknown {
      const result: Record<string, unknown> = {};
      for (const field of collect(object, selections, path)) {
        const at = [...path, field.alias];
        try {
          result[field.alias] = complete(
            read(object, field.name, argsOf(field.args), at),
            field.selections,
            at,
            object.type,
          );
        } catch (error) {
          if (!(error instanceof FieldProblem)) throw error;
          errors.push({
            type: error.type,
            path: at.slice(1),
            locations: [{ line: 1, column: 1 }],
            message: error.message,
          });
          result[field.alias] = null;
        }
      }
      return result;
    }

    function read(object: GraphObject, name: string, args: Args, path: readonly (string | number)[]): unknown {
      if (name === "__typename") return object.type;
      const resolve = Object.hasOwn(object.fields, name) ? object.fields[name] : undefined;
      if (resolve !== undefined) return resolve(args);
      const extensions = { code: "undefinedField", typeName: object.type, fieldName: name };
      throw new QueryProblem(`Field '${name}' doesn't exist on type '${object.type}'`, path, extensions);
    }

    function complete(
      value: unknown,
      selections: readonly Selection[] | undefined,
      path: readonly (string | number)[],
      parent: string,
    ): unknown {
      if (value === null || value === undefined) return null;
      if (Array.isArray(value)) return value.map((item, n) => complete(item, selections, [...path, n], parent));
      const composite = isGraphObject(value);
      if (composite && selections !== undefined) return select(value, selections, path);
      if (!composite && selections === undefined) return value;
      const what = composite ? "must have selections" : "can't have selections";
      throw new QueryProblem(`Field '${String(path.at(-1))}' of type '${parent}' ${what}`, path, {
        code: "selectionMismatch",
      });
    }

    type Field = Extract<Selection, { kind: "field" }>;

    function collect(
      object: GraphObject,
      selections: readonly Selection[],
      path: readonly (string | number)[],
    ): Field[] {
      return selections.flatMap((selection): Field[] => {
        if (!included(selection)) return [];
        if (selection.kind === "field") return [selection];
        if (selection.kind === "inline") {
          return matches(object, selection.on) ? collect(object, selection.selections, path) : [];
        }
        const fragment = document.fragments.get(selection.name);
        if (fragment === undefined)
          throw new QueryProblem(`Fragment ${selection.name} was used, but not defined`, path);
        return matches(object, fragment.on) ? collect(object, fragment.selections, path) : [];
      });
    }

    function included(selection: Selection): boolean {
      return selection.directives.every(({ name, args }) => {
        const condition = argsOf(args)["if"];
        if (name === "include") return condition === true;
        return name === "skip" ? condition !== true : true;
      });
    }

    function argsOf(args: ReadonlyMap<string, Value>): Record<string, unknown> {
      return Object.fromEntries([...args].map(([name, value]) => [name, plain(value)]));
    }

    function plain(value: Value): unknown {
      if (value.kind === "literal") return value.value;
      if (value.kind === "enum") return value.name;
      if (value.kind === "list") return value.items.map(plain);
      if (value.kind === "object") return argsOf(value.fields);
      if (!variables.has(value.name)) {
        throw new QueryProblem(`Variable $${value.name} is used by anonymous query but not declared`, []);
      }
      return variables.get(value.name);
    }
  } catch (error) {
    if (error instanceof ParseError) return { errors: [{ message: `Parse error: ${error.message}`, locations: [] }] };
    if (!(error instanceof QueryProblem)) throw error;
    const { path, extensions, message } = error;
    return { errors: [{ path, extensions, locations: [{ line: 1, column: 1 }], message }] };
  }
}

function matches(object: GraphObject, on: string | undefined): boolean {
  return on === undefined || on === object.type || (object.interfaces ?? []).includes(on);
}

function pick(document: Document, name: string | undefined): Operation {
  const found = name
    ? document.operations.find((operation) => operation.name === name)
    : document.operations.length === 1
      ? document.operations[0]
      : undefined;
  if (found === undefined) throw new QueryProblem("An operation name is required", []);
  if (found.kind !== "query") throw new QueryProblem(`Schema is not configured for ${found.kind}s`, []);
  return found;
}

function bind(operation: Operation, given: Args): Map<string, unknown> {
  const bound = new Map<string, unknown>();
  for (const { name, required, fallback } of operation.variables) {
    const value = given[name] ?? (fallback?.kind === "literal" ? fallback.value : null);
    if (required && value === null) {
      throw new QueryProblem(`Variable $${name} of type was provided invalid value`, [], { value: null });
    }
    bound.set(name, value);
  }
  return bound;
}
