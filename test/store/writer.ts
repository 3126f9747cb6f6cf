// A process that opens the store in a folder and commits, for tests that kill it, starve it of disk, or start a second
// one. It says on stdout what was acknowledged: `opened <sequence>`, `ack <sequence>`, `refused <why>`, `failed <why>`.

import { pino } from "pino";
import { openStore } from "../../src/store/store.ts";

const [dir = "", count = "Infinity", writers = "1", text = "x"] = process.argv.slice(2);

try {
  const store = await openStore(dir, pino({ level: "silent" }));
  console.log(`opened ${store.state.sequence}`);
  let left = Number(count);
  const write = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await store.commit({ type: "bot.paused", at: 0, by: "U0OPERATOR", reason: text }).then(
        () => console.log(`ack ${store.state.sequence}`),
        (error: unknown) => {
          console.log(`refused ${String(error)}`);
          left = 0;
        },
      );
    }
  };
  await Promise.all(Array.from({ length: Number(writers) }, write));
  await store.close();
  console.log("closed");
} catch (error) {
  console.log(`failed ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
