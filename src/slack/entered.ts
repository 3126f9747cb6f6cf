// What a person entered in a form, and what the form was about, out of Slack's view payload.

import { z } from "zod";

const subjectSchema = z.object({
  run: z.string(),
  escalation: z.string().nullable(),
  channel: z.string(),
  thread: z.string().nullable(),
});
export type Subject = Readonly<z.infer<typeof subjectSchema>>;

/** Undefined where the form is none of ours. */
export function subjectIn(metadata: string): Subject | undefined {
  try {
    const parsed = subjectSchema.safeParse(JSON.parse(metadata));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

const option = z.object({ value: z.string() });
const entered = z.object({
  value: z.string().nullish(),
  selected_option: option.nullish(),
  selected_options: z.array(option).nullish(),
});

/** By the block's id, which is the entry's name; each of our blocks has one input. Empty entries are left out. */
export function enteredIn(
  values: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): Readonly<Record<string, string | readonly string[]>> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([block, inputs]) => {
      const parsed = entered.safeParse(Object.values(inputs)[0]);
      if (!parsed.success) return [];
      const { value, selected_option: one, selected_options: several } = parsed.data;
      const given = several?.map((chosen) => chosen.value) ?? one?.value ?? value;
      return given === undefined || given === null || given.length === 0 ? [] : [[block, given] as const];
    }),
  );
}
