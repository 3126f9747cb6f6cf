// The behaviours by the name that the prompt's `Scripted agent:` line gives them.

import type { Behaviour } from "../turn.ts";
import { apiError } from "./api-error.ts";
import { approval } from "./approval.ts";
import { asks } from "./asks.ts";
import { commands } from "./commands.ts";
import { crashes } from "./crashes.ts";
import { crashloop } from "./crashloop.ts";
import { deaf } from "./deaf.ts";
import { fails } from "./fails.ts";
import { good } from "./good.ts";
import { late } from "./late.ts";
import { maxTurns } from "./max-turns.ts";
import { noCommit } from "./no-commit.ts";
import { noTrailer } from "./no-trailer.ts";
import { red } from "./red.ts";
import { silent } from "./silent.ts";
import { slow } from "./slow.ts";
import { unpushed } from "./unpushed.ts";
import { unsure } from "./unsure.ts";
import { wrongBranch } from "./wrong-branch.ts";

export const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  good,
  commands,
  slow,
  silent,
  deaf,
  asks,
  unsure,
  approval,
  "no-commit": noCommit,
  unpushed,
  red,
  crashloop,
  fails,
  crashes,
  "api-error": apiError,
  "max-turns": maxTurns,
  "wrong-branch": wrongBranch,
  "no-trailer": noTrailer,
  late,
};
