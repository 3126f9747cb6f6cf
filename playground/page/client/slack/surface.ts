import type { Acted } from "../../protocol.ts";

export type Choice = string | readonly string[];

/** Where controls are: in a message, a modal or the home tab. */
export type Surface = {
  press(actionId: string, blockId: string, choice?: Choice): Promise<Acted>;
  /** What a person filled in so far, by `<block id>.<action id>`; absent where nothing is submitted. */
  readonly form?: Form;
};

export type Form = {
  readonly values: Readonly<Record<string, Choice>>;
  readonly errors: Readonly<Record<string, string>>;
  set(key: string, value: Choice): void;
};

export function keyOf(blockId: string, actionId: string): string {
  return `${blockId}.${actionId}`;
}
