// What a REST endpoint gives back, as values, and the refusals it may throw, in GitHub's words and shapes.

export type Json = Record<string, unknown>;

export type Answer =
  | { readonly kind: "json"; readonly status: number; readonly body: unknown; readonly modified?: string | undefined }
  | {
      readonly kind: "page";
      readonly total: number;
      /** Gives the shapes of the items from `start` up to but without `end`. */
      readonly slice: (start: number, end: number) => unknown[] | Promise<unknown[]>;
      readonly wrap: (shapes: unknown[], total: number) => unknown;
    }
  | { readonly kind: "empty"; readonly status: number }
  | { readonly kind: "text"; readonly body: Buffer; readonly type: string }
  | { readonly kind: "redirect"; readonly status: number; readonly location: string; readonly body?: unknown };

export function json(body: unknown, modified?: string): Answer {
  return { kind: "json", status: 200, body, modified };
}

export function created(body: unknown): Answer {
  return { kind: "json", status: 201, body };
}

export const noContent: Answer = { kind: "empty", status: 204 };

/** A list that is cut into pages. Only the items of the page asked for are shaped. */
export function page<Item>(
  items: readonly Item[],
  shape: (item: Item) => unknown,
  wrap: (shapes: unknown[], total: number) => unknown = (shapes) => shapes,
): Answer {
  return pageOf(items, (some) => some.map(shape), wrap);
}

/** The same where the items of one page are best shaped together. */
export function pageOf<Item>(
  items: readonly Item[],
  shapes: (items: readonly Item[]) => unknown[] | Promise<unknown[]>,
  wrap: (shapes: unknown[], total: number) => unknown = (list) => list,
): Answer {
  return { kind: "page", total: items.length, slice: (start, end) => shapes(items.slice(start, end)), wrap };
}

export type FieldError = {
  readonly resource: string;
  readonly field: string;
  readonly code: "missing" | "missing_field" | "invalid" | "already_exists" | "unprocessable" | "custom";
  readonly value?: string | number | null;
  readonly message?: string;
};

/** A request that GitHub answers with an error. */
export class Refusal extends Error {
  readonly status: number;
  readonly errors: readonly FieldError[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    errors?: readonly FieldError[],
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = "Refusal";
    this.status = status;
    this.errors = errors;
    this.headers = headers;
  }

  body(): Json {
    return {
      message: this.message,
      ...(this.errors === undefined ? {} : { errors: this.errors }),
      documentation_url: "https://docs.github.com/rest",
      status: String(this.status),
    };
  }
}

export function notFound(): Refusal {
  return new Refusal(404, "Not Found");
}

export function forbidden(message: string): Refusal {
  return new Refusal(403, message);
}

export function invalid(...errors: FieldError[]): Refusal {
  return new Refusal(422, "Validation Failed", errors);
}
