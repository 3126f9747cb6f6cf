// The world as a process of its own: `fork`ed with a folder, it tells its parent where everything is, and ends when the
// parent says so, dies, or a signal comes.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ShownMessage } from "../slack/outcomes.ts";
import { startWorld } from "./world.ts";

/** What the parent gets to know: addresses, and the two secrets that are made anew each time. */
export type WorldAddresses = {
  readonly githubUrl: string;
  readonly githubApiUrl: string;
  readonly slackApiUrl: string;
  readonly t3Url: string;
  readonly t3Token: string;
  readonly clusterUrl: string;
  readonly kubeconfigFile: string;
};

/** What the parent may ask, as the people in the world see it in their own clients. */
export type Question = { readonly id: number; readonly ask: "messages"; readonly as: string; readonly channel: string };
export type Answer = { readonly id: number; readonly messages: readonly ShownMessage[] };

const [dir] = process.argv.slice(2);
if (dir === undefined || process.send === undefined) {
  console.error("this is a part of `npm run demo`, which starts it with a folder");
  process.exit(2);
}

// A Ctrl-C reaches the whole group: the parent decides when the world ends.
process.on("SIGINT", () => {});
const world = await startWorld(dir);
const kubeconfigFile = join(dir, "kubeconfig.yaml");
mkdirSync(dir, { recursive: true });
writeFileSync(kubeconfigFile, world.kubeconfig, { mode: 0o600 });

let ending = false;
async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  await world.close();
  process.exit(0);
}
process.on("SIGTERM", () => void end());
process.on("message", ({ id, as, channel }: Question) => {
  const answer: Answer = { id, messages: world.slack.as(as).messages(channel) };
  process.send?.(answer);
});
process.on("disconnect", () => void end());

const addresses: WorldAddresses = {
  githubUrl: world.github.url,
  githubApiUrl: world.github.apiUrl,
  slackApiUrl: world.slack.apiUrl,
  t3Url: world.t3.url,
  t3Token: world.t3Token,
  clusterUrl: world.cluster.url,
  kubeconfigFile,
};
process.send({ addresses });
