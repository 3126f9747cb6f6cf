// Asks two questions, one of them multi-select, and works with the answers.

import type { Ending, Turn } from "../turn.ts";
import { good, misbehaves } from "./good.ts";

export async function asks(turn: Turn): Promise<Ending> {
  if (!misbehaves(turn, 1)) return good(turn);
  const answers = await turn.ask([
    {
      question: "Which database should I use?",
      header: "Database",
      options: [
        { label: "Postgres", description: "the safe choice" },
        { label: "SQLite", description: "the small choice" },
      ],
      multiSelect: false,
    },
    {
      question: "Which features?",
      header: "Features",
      options: [
        { label: "Auth", description: "logins" },
        { label: "Billing", description: "money" },
      ],
      multiSelect: true,
    },
  ]);
  turn.say(`Going on with: ${JSON.stringify(answers)}`);
  return good(turn);
}
