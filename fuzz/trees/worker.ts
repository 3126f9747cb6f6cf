// The bot's trees in a process of their own, to be killed at any moment. Takes one order at a time from its parent.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { pino } from "pino";
import { known, type Observed } from "../../src/domain/observed.ts";
import type { RepoKey, Sha } from "../../src/domain/repo.ts";
import type { Run } from "../../src/domain/run.ts";
import { createTrees } from "../../src/git/trees.ts";
import { layoutOf } from "../../src/volume/layout.ts";
import { housekeep } from "./housekeep.ts";
import { REPO } from "./world.ts";

export type Order =
  | { readonly do: "prepare" | "release"; readonly run: Run }
  | { readonly do: "refresh" | "housekeep" }
  | { readonly do: "removeSlot"; readonly slot: number };
export type Answer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly why: string };

const [volume = "", cloneUrl = ""] = process.argv.slice(2);
const trees = createTrees({
  layout: layoutOf(volume),
  token: async () => "none",
  origin: { fetchDefaultBranch: async () => ({ name: "main", cloneUrl }), fetchHead },
  rulesOf: () => undefined,
  identity: { name: "AFK agent", email: "afk-agent@example.com" },
  env: { PATH: process.env["PATH"] ?? "" },
  paused: () => false,
  log: pino({ level: "silent" }),
});

/** GitHub's word, which the remote itself stands for here. */
async function fetchHead(_repo: RepoKey, branch: string): Promise<Observed<Sha | null>> {
  const { stdout } = await promisify(execFile)("git", ["ls-remote", cloneUrl, `refs/heads/${branch}`]);
  return known(stdout.split("\t")[0] || null);
}

async function carryOut(order: Order): Promise<unknown> {
  switch (order.do) {
    case "prepare":
      return await trees.prepare(order.run);
    case "release":
      return await trees.release(order.run);
    case "refresh":
      return await trees.refresh(REPO);
    case "housekeep": {
      const failed = await housekeep(volume, trees);
      if (failed.length > 0) throw new Error(failed.join("; "));
      return null;
    }
    case "removeSlot":
      return await trees.removeSlot(REPO, order.slot);
    default:
      return order satisfies never;
  }
}

process.on("message", (order: Order) => {
  void carryOut(order).then(
    (value) => process.send?.({ ok: true, value } satisfies Answer),
    (error: unknown) => process.send?.({ ok: false, why: String(error) } satisfies Answer),
  );
});
process.send?.("ready");
