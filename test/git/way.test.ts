// An agent writes the config of the checkout that the bot fetches into, with a token that the agent is not meant to have.

import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { setTreeStage, type TreeStage } from "./support.ts";

let stage: TreeStage;
beforeAll(async () => {
  stage = await setTreeStage({ "README.md": "# Shop\n" });
});
afterAll(() => stage[Symbol.asyncDispose]());

/** A server of the attacker's, which notes who sends it credentials. */
async function setTrap(): Promise<AsyncDisposable & { readonly url: string; readonly caught: readonly string[] }> {
  const caught: string[] = [];
  const server = createServer((request, response) => {
    if (request.headers.authorization !== undefined) caught.push(request.headers.authorization);
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    caught,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("a checkout whose remote an agent pointed elsewhere is fetched from GitHub, and the token goes nowhere else", async () => {
  await using trap = await setTrap();
  const first = stage.fresh({}, "remote");
  const made = await first.prepared();
  await stage.git(first.checkout, "remote", "set-url", "origin", `${trap.url}/acme/shop.git`);
  await stage.git(first.checkout, "config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/other/*");
  // A bot that was started anew remembers nothing of the remote.
  const again = stage.fresh({}, "remote");
  expect(await again.trees.findLanded(made)).toEqual({ known: true, value: null });
  await again.prepared({ slot: 2 });
  expect(trap.caught).toEqual([]);
});

test.each([
  ["another address for GitHub's", (url: string, github: string) => [`url.${url}/.insteadOf`, `${github}/`]],
  ["a proxy for all requests", (url: string) => ["http.proxy", url]],
  ["a proxy for this repository's", (url: string, github: string) => [`http.${github}/acme/shop.git.proxy`, url]],
  ["trust in any certificate", () => ["http.sslVerify", "false"]],
  ["another file of settings", () => ["include.path", "/tmp/settings"]],
])("%s in a checkout's config is refused, and said", async (name, setting) => {
  await using trap = await setTrap();
  const here = stage.fresh({}, name);
  await here.prepared();
  const [key = "", value = ""] = setting(trap.url, new URL(stage.github.cloneUrl("acme/shop")).origin);
  await stage.git(here.checkout, "config", "--local", key, value);
  await expect(here.prepared({ slot: 2 })).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringMatching(/checkout's config sets .* take it out of .*\/checkout\/\.git\/config/),
  });
  expect(trap.caught).toEqual([]);
  await stage.git(here.checkout, "config", "--local", "--unset-all", key);
  await here.prepared({ slot: 3 });
});

test("a filter that an agent put into a checkout's config is not run by the bot", async () => {
  const here = stage.fresh({}, "filter");
  const made = await here.prepared();
  const leak = join(stage.dir, "leak");
  await stage.git(here.checkout, "config", "--local", "filter.x.smudge", `sh -c "env > '${leak}'; cat"`);
  await stage.commit(made.tree.path, ".gitattributes", "* filter=x");
  await stage.git(made.tree.path, "push", "--quiet", "origin", "HEAD:main");
  await here.prepared({ slot: 2 });
  await here.trees.release(made);
  expect(existsSync(leak)).toBe(false);
});
