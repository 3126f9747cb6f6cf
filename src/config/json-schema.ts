// The config's rules as JSON Schema, for editors and for the example: what may be written, before it is transformed.

import { z } from "zod";
import { configSchema } from "./schema.ts";

/** The parts of JSON Schema that the config's own schema is made of. */
export type SchemaNode = {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
};

/** Draft 2020-12, with every explanation. Written to afk.schema.json. */
export function configJsonSchema(): SchemaNode {
  return z.toJSONSchema(configSchema, {
    io: "input",
    override({ zodSchema, jsonSchema }) {
      // Zod leaves examples out where a value is transformed; ours are of what is written.
      const examples = z.globalRegistry.get(zodSchema)?.examples;
      if (Array.isArray(examples)) jsonSchema.examples = examples;
      // What JavaScript cannot count is no limit of ours.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  }) as SchemaNode;
}
