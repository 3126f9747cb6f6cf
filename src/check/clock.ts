// This machine's clock against GitHub's: an app's token is signed with the time, and what is told of ages would be wrong.

import { messageOf } from "../errors.ts";
import { fetchInTime } from "../github/client.ts";
import type { Clock } from "../ports.ts";
import { type Area, fail, pass, warn } from "./finding.ts";

/** GitHub refuses an app's token that is more than a minute off; the header itself has whole seconds. */
const OFF_MS = { warn: 5_000, fail: 30_000 };

export async function checkClock(apiUrl: string, clock: Clock): Promise<Area> {
  const remedy = "Let the machine's clock be set over the network (chrony, systemd-timesyncd).";
  try {
    const before = clock.now();
    const { headers } = await fetchInTime(`${apiUrl}/meta`);
    const told = Date.parse(headers.get("date") ?? "");
    if (Number.isNaN(told)) {
      return area(warn("clock", "GitHub's answer bears no time", "Compare the machine's clock by hand."));
    }
    // The header is cut to whole seconds: half of one is its fair share.
    const off = Math.round(told + 500 - (before + clock.now()) / 2);
    const text = `${Math.abs(off / 1000).toFixed(1)} s ${off > 0 ? "behind" : "ahead of"} GitHub's`;
    if (Math.abs(off) > OFF_MS.fail) return area(fail("clock", text, remedy));
    return area(Math.abs(off) > OFF_MS.warn ? warn("clock", text, remedy) : pass("clock", text));
  } catch (error) {
    const why = `GitHub does not answer: ${messageOf(error)}`;
    return area({ check: "clock", result: "unknown", why, remedy: "Mend the way to GitHub first." });
  }
}

function area(finding: Area["findings"][number]): Area {
  return { area: "clock", findings: [finding] };
}
