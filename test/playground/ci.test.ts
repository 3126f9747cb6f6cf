import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Actions, type ActionsOptions, startActions } from "../../playground/ci/actions.ts";
import { type GitHub, startGitHub } from "../../playground/github/server.ts";
import { sampleFiles } from "../../playground/sample/files.ts";

test("x", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "github-test-"));
  const github = await startGitHub({ dataDir });
  github.addUser({ login: "maintainer", type: "User", token: "t" });
  const got: unknown[] = [];
  const kube = createServer((q, s) => { let b=""; q.on("data", (c) => b += c); q.on("end", () => { got.push([q.method, q.url, q.headers.authorization, b]); s.end("{}"); }); });
  await new Promise<void>((r) => kube.listen(0, "127.0.0.1", r));
  const actions = startActions(github, { secrets: { "acme/w": { KUBE_TOKEN: "s3cret" } }, vars: { "acme/w": { KUBE_API: `http://127.0.0.1:${(kube.address() as AddressInfo).port}`, KUBE_NAMESPACE: "ns", KUBE_DEPLOYMENT: "w" } } });
  const t0 = Date.now();
  await github.createRepo({ owner: "acme", name: "w", files: sampleFiles(), collaborators: { maintainer: "admin" } });
  const t1 = Date.now();
  await actions.idle();
  console.log(t1 - t0, Date.now() - t1);
  const r = github.repo("acme/w");
  console.log(r.runs, r.jobs.map((j) => [j.key, j.conclusion, j.log]), JSON.stringify(got));
  await actions.close(); await github.close(); kube.close();
});
