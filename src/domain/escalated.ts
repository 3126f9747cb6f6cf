// An escalation that is over, as its message goes on to show it.

import { z } from "zod";
import { orderSchema } from "./order.ts";

const at = z.number().int().nonnegative();

export const escalatedSchema = z
  .object({
    id: z.string(),
    kind: z.enum(["blocked", "frozen", "approval", "question"]),
    since: at,
    /** What was asked, in one line of ours. */
    headline: z.string(),
    /** The command or question itself, cut: other people's text, for quoting only. */
    exact: z.string().nullable(),
    /** The last reminder of it, which is redrawn with it; absent = there was none. */
    reminded: z.number().int().positive().optional(),
    over: z
      .object({
        at,
        /** What a person ordered; null = it ended otherwise, and `why` says how. */
        order: orderSchema.nullable(),
        why: z.string(),
      })
      .readonly(),
  })
  .readonly();
export type Escalated = z.infer<typeof escalatedSchema>;
