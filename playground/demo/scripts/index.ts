// Every script by its name, in the order of `--help` and of `all`.

import { fixForward } from "./fix-forward.ts";
import { freezeUnfreeze } from "./freeze-unfreeze.ts";
import { happy } from "./happy.ts";
import { nothingLanded } from "./nothing-landed.ts";
import type { Script } from "./script.ts";

export const scripts: Readonly<Record<string, Script>> = {
  happy,
  "nothing-landed": nothingLanded,
  "fix-forward": fixForward,
  "freeze-unfreeze": freezeUnfreeze,
};
