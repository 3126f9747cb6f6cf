/** What a read of the outside gave. A failed read is *unknown*: never empty, never false. */
export type Observed<T> = { readonly known: true; readonly value: T } | { readonly known: false; readonly why: string };

export function known<T>(value: T): Observed<T> {
  return { known: true, value };
}

export function unknown(why: string): Observed<never> {
  return { known: false, why };
}
