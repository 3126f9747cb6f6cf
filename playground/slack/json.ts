// Reading JSON of which only some is known: each function gives undefined (or empty) where the shape is another.

export type Json = Readonly<Record<string, unknown>>;

export function asRecord(value: unknown): Json | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

export function asText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The records in a list; whatever else stands there is passed over. */
export function records(value: unknown): readonly Json[] {
  return asList(value)
    .map(asRecord)
    .filter((item) => item !== undefined);
}

/** The text of a text object, `{type, text}`. */
export function textOf(value: unknown): string | undefined {
  return asText(asRecord(value)?.["text"]);
}
