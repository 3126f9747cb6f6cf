import { expect, test } from "vitest";
import { archiveEnded } from "../../src/archive.ts";
import { openHistory } from "../../src/store/history.ts";
import { run, SHA, T0 } from "../support/build.ts";
import { temporaryFolder, withStore } from "./support.ts";

const DAY = 24 * 3_600_000;
const landed = { sha: SHA, commits: 1, seenAt: T0 };
const deployed = { name: "deployed", since: T0, landed, evidence: [] } as const;

test("a run leaves the state a day after its end, once it is taken down and shown, and stays to be read", async () => {
  const dir = temporaryFolder();
  const history = openHistory(dir);
  const unshown = new Set(["unshown"]);
  await withStore(dir, async (store) => {
    for (const each of [
      run({ id: "old", tree: null, state: deployed }),
      run({ id: "unshown", tree: null, state: deployed }),
      run({ id: "standing", state: deployed }),
      run({ id: "young", tree: null, state: { ...deployed, since: T0 + DAY } }),
      run({ id: "living" }),
    ]) {
      await store.commit({ type: "run.dispatched", at: T0, run: each });
    }
    const publisher = { nudge() {}, isShown: ({ id }: { id: string }) => !unshown.has(id), async stop() {} };
    const parts = { store, history, publisher, clock: { now: () => T0 + DAY + 1 } };
    await archiveEnded("acme/shop", parts, (event) => store.commit(event));
    expect(Object.keys(store.state.runs).sort()).toEqual(["living", "standing", "unshown", "young"]);
    expect(Object.keys(store.state.past)).toEqual(["old"]);
    unshown.clear();
    await archiveEnded("acme/shop", parts, (event) => store.commit(event));
  });
  const { runs } = await history.find({ since: 0, until: T0 + DAY });
  expect(runs.map(({ id }) => id).sort()).toEqual(["old", "unshown"]);
});
