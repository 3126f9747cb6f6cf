// Reads, finds that the issue leaves something open, asks one question about it, and works with the answer.

import type { Ending, Turn } from "../turn.ts";
import { good, misbehaves } from "./good.ts";

export async function unsure(turn: Turn): Promise<Ending> {
  if (!misbehaves(turn, 1)) return good(turn);
  turn.say("The issue does not say which way to round, and it is about money. I would rather ask.");
  const answers = await turn.ask([
    {
      question: "Which way should quotes be rounded to whole euros?",
      header: "Rounding",
      options: [
        { label: "Up", description: "never below what the parcel costs us" },
        { label: "To the nearest", description: "as customers expect it" },
      ],
      multiSelect: false,
    },
  ]);
  turn.say(`Thank you. Going on with: ${Object.values(answers).flat().join(", ")}.`);
  return good(turn);
}
