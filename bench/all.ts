// Every bench, one after the other, each in a process of its own: what one left in memory is not the next one's.

import { spawn } from "node:child_process";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

/** Each bench's result in the order of `names`; one that failed says why instead. Throws never. */
export async function runAll(names: readonly string[]): Promise<Record<string, unknown>> {
  const begun = performance.now();
  const results: Record<string, unknown> = {};
  for (const [index, name] of names.entries()) {
    console.error(`${index + 1} of ${names.length}: ${name} …`);
    results[name] = await runOne(name);
    console.error(JSON.stringify(results[name]));
  }
  const [cpu] = cpus();
  return {
    bench: "all",
    machine: { cpu: cpu?.model.trim(), cores: cpus().length, node: process.version },
    seconds: Math.round((performance.now() - begun) / 1000),
    failed: names.filter((name) => "failed" in (results[name] as object)),
    results,
  };
}

/** A bench tells its result in the last line of stdout. */
function runOne(name: string): Promise<object> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...process.execArgv, MAIN, name, "--json"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.once("error", (error) => resolve({ failed: error.message }));
    child.once("close", (code) => {
      try {
        const result: unknown = JSON.parse(said.trimEnd().split("\n").at(-1) ?? "");
        if (code === 0 && typeof result === "object" && result !== null) return resolve(result);
      } catch {
        // What it said is told below.
      }
      resolve({ failed: `it ended with code ${code}, and said ${JSON.stringify(said.slice(-200))}` });
    });
  });
}
