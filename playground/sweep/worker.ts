// Plays the points that its parent sends, one after the other, each in a world of its own.

import { play, type Task } from "./play.ts";

if (process.send === undefined) {
  console.error("this is a part of `npm run sweep`, which starts it");
  process.exit(2);
}

process.on("message", (task: Task) => {
  play(task).then(
    (played) => process.send?.({ played }),
    (error: unknown) =>
      process.send?.({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
