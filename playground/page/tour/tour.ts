// How far the tour is. A step begins when the one before it is done; a check that was met once stays met.

import type { StepSight, TourSection } from "../protocol.ts";
import { issueOf, type Scene } from "./step.ts";
import { steps } from "./steps.ts";

export type Tour = { look(scene: Scene): TourSection };

export function startTour(): Tour {
  const met = new Set<string>();
  return {
    look(scene) {
      let begun = true;
      const seen = steps.map((step): StepSight => {
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
