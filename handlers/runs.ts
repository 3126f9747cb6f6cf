import { runs } from "../views/runs.ts";
import type { Handler } from "./context.ts";

/** `/afk runs`, or those of repos whose name has that part. */
export const showRuns: Handler = async ({ text }, { store, clock }) => {
  const part = text.trim().toLowerCase();
  return runs(
    Object.values(store.state.runs).filter(({ repo }) => repo.includes(part)),
    part === "" ? undefined : part,
    clock.now(),
  );
};
