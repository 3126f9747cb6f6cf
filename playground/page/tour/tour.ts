// How far the tour is. A step begins when the one before it is done; a check that was met once stays met.

import type { StepSight, TourSection } from "../protocol.ts";
import { issueOf, type Scene } from "./step.ts";
import { steps } from "./steps.ts";

export type Tour = { look(scene: Scene): TourSection };

/** With an agent of one's own, the steps that need a scripted one are left out. */
export function startTour({ scripted }: { readonly scripted: boolean }): Tour {
  const way = steps.filter((step) => scripted || step.scripted !== true);
  const met = new Set<string>();
  return {
    look(scene) {
      let begun = true;
      const seen = way.map((step): StepSight => {
        const checks = step.checks.map(({ text, seen: isMet }, at) => {
          const key = `${step.id}/${at}`;
          if (begun && isMet(scene)) met.add(key);
          return { text, done: met.has(key) };
        });
        const done = checks.every((check) => check.done);
        const state = done ? "done" : begun ? "now" : "later";
        begun = done;
        const { id, title, task, explains, files, draft } = step;
        const number = draft === undefined ? null : (issueOf(scene, draft)?.number ?? null);
        return {
          id,
          title,
          state,
          task,
          checks,
          explains,
          files,
          draft: draft === undefined ? null : { ...draft, number },
        };
      });
      return { steps: seen };
    },
  };
}
