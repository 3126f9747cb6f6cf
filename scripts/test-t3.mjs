#!/usr/bin/env node
// `npm run test:t3`: the T3 contract, asserted of a real server. `npm test` asserts the same of the stand-in.
import { spawnSync } from "node:child_process";

const { AFK_T3_URL, AFK_T3_TOKEN } = process.env;
if (!AFK_T3_URL || !AFK_T3_TOKEN) {
  const missing = [...(AFK_T3_URL ? [] : ["AFK_T3_URL"]), ...(AFK_T3_TOKEN ? [] : ["AFK_T3_TOKEN"])];
  console.log(`SKIPPED: no real T3 server to assert the contract of (${missing.join(" and ")} not set).`);
  console.log("  AFK_T3_URL      its address, such as http://127.0.0.1:3773");
  console.log("  AFK_T3_TOKEN    a token with all scopes: t3 auth session issue --token-only");
  console.log("  AFK_T3_DIR      a scratch directory that it sees at the same path (default: this machine's)");
  console.log("  AFK_T3_AGENT    scripted, where playground/agent/agent.ts is its agent: asserts turns too");
  console.log("It leaves projects and threads behind: do not point it at a server that people use.");
  process.exit(0);
}
const files = [
  "test/playground/t3-contract.test.ts",
  "test/playground/t3-turns.test.ts",
  "test/adapters/t3-reads.test.ts",
];
const { status } = spawnSync("vitest", ["run", "--no-file-parallelism", ...files], { stdio: "inherit" });
process.exit(status ?? 1);
