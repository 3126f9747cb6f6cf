// What the JSON says of one issue's way.

import type { Sight } from "../look.ts";
import type { Json } from "./script.ts";

export function factsOf({
  state,
  landedSha,
  issueClosed,
  slackRoots,
  sessions,
}: Sight): Readonly<Record<string, Json>> {
  return { state: state ?? null, landedSha: landedSha ?? null, issueClosed, slackRoots, sessions };
}
