import { wordsNeeded } from "../views/ordered.ts";
import { byText } from "./by-text.ts";

/** A word to the agent: at work it is steered with it, blocked it goes on with it. */
export const tellByText = byText("steer", (_, text) =>
  text === "" ? { say: wordsNeeded("tell", "12 leave the lock file as it is") } : { kind: "steer", text },
);
