// Every script by its name, in the order of `--help` and of `all`.

import { approval } from "./approval.ts";
import { blockedUnblock } from "./blocked-unblock.ts";
import { denied } from "./denied.ts";
import { fixForward } from "./fix-forward.ts";
import { foreignCommit } from "./foreign-commit.ts";
import { freezeUnfreeze } from "./freeze-unfreeze.ts";
import { happy } from "./happy.ts";
import { noCi } from "./no-ci.ts";
import { nothingLanded } from "./nothing-landed.ts";
import { question } from "./question.ts";
import type { Script } from "./script.ts";
import { twoIssues } from "./two-issues.ts";
import { unfreeze } from "./unfreeze.ts";

export const scripts: Readonly<Record<string, Script>> = {
  happy,
  "nothing-landed": nothingLanded,
  "fix-forward": fixForward,
  "freeze-unfreeze": freezeUnfreeze,
  question,
  approval,
  "blocked-unblock": blockedUnblock,
  unfreeze,
  denied,
  "no-ci": noCi,
  "foreign-commit": foreignCommit,
  "two-issues": twoIssues,
};
