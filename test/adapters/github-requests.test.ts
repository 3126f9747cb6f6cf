// What the adapter asks of GitHub and how often, over HTTP to the stand-in: quota, answers kept, limits, tokens.

import { generateKeyPairSync } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { firstLookMs, pollEvery, requestsPerHourAt } from "../../src/domain/pace.ts";
import { AfkError } from "../../src/errors.ts";
import { connectGitHub, type GitHubConnection } from "../../src/github/connect.ts";
import { createDependencies } from "../../src/ops/dependencies.ts";
import { policy } from "../support/build.ts";
import { type GitHubStage, repo, setGitHubStage } from "../support/github-stage.ts";

let stage: GitHubStage;
const log = pino({ level: "silent" });

beforeEach(async () => {
  stage = await setGitHubStage();
});
afterEach(async () => {
  await stage[Symbol.asyncDispose]();
});

async function used(connection: GitHubConnection = stage.connection): Promise<number> {
  return (await connection.client.rest.rateLimit.get()).data.rate.used;
}
/** Requests and quota that `work` takes, the question about the quota left out. */
async function costOf(work: () => Promise<unknown>): Promise<{ readonly requests: number; readonly quota: number }> {
  const quota = await used();
  const requests = stage.hub.listener.count();
  await work();
  const asked = stage.hub.listener.count() - requests;
  return { requests: asked, quota: (await used()) - quota };
}

describe("a poll", () => {
  test("of an idle repo is one request, and free once it was answered", async () => {
    expect(await costOf(() => stage.poll())).toEqual({ requests: 1, quota: 1 });
    expect(await costOf(() => stage.poll())).toEqual({ requests: 1, quota: 0 });
  });

  test("of a repo with a waiting issue asks again only what may have changed, for free", async () => {
    const blocker = stage.released("maintainer", "maintainer");
    const number = stage.released("maintainer", "maintainer", { body: `Blocked by #${blocker}` });
    stage.hub.as("maintainer").unlabel({ repo, number: blocker }, policy.labels.ready);
    await stage.poll();
    expect(await costOf(() => stage.poll())).toEqual({ requests: 3, quota: 0 });
    expect([...(await stage.poll()).keys()]).toEqual([number]);
  });

  test("sees a label that was put on since, though the answer before was kept", async () => {
    await stage.poll();
    const number = stage.released("maintainer", "maintainer");
    expect([...(await stage.poll()).keys()]).toEqual([number]);
  });

  test("reads nothing about an issue that waits for a person", async () => {
    const number = stage.released("maintainer", "maintainer");
    stage.hub.as("maintainer").label({ repo, number }, policy.labels.human);
    expect(await costOf(() => stage.poll())).toEqual({ requests: 1, quota: 1 });
  });

  test("finds every one of more issues than fit a page", async () => {
    for (let n = 0; n < 101; n += 1) {
      stage.hub
        .as("maintainer")
        .createIssue(repo, { title: `${n}`, labels: [policy.labels.ready, policy.labels.human] });
    }
    expect((await stage.poll()).size).toBe(101);
    expect((await stage.poll()).size).toBe(101);
  });
});

describe("an answer that came in part", () => {
  function halve(is: (method: string, path: string) => boolean): void {
    let struck = false;
    stage.hub.listener.intercept({
      async before({ method, path }) {
        if (struck || !is(method, path)) return undefined;
        struck = true;
        const headers = { "content-type": "application/json; charset=utf-8", etag: '"half"' };
        return { do: "answer", status: 200, headers, body: '{"half":' };
      },
    });
  }

  test("is no word that an issue was closed: it is closed the next time", async () => {
    const number = stage.released("maintainer", "maintainer");
    halve((method) => method === "PATCH");
    const wanted = { add: [], remove: [], close: true };
    const { github } = stage.connection;
    await expect(github.showIssue(repo, number, wanted)).rejects.toThrow(/broken off/);
    await github.showIssue(repo, number, wanted);
    expect(stage.hub.issue(repo, number).state).toBe("closed");
  });

  test("is not kept, to be given again with each 304", async () => {
    const number = stage.released("maintainer", "maintainer");
    const keptIn = join(stage.dir, "half");
    const connection = await stage.connect("token-afk-bot", keptIn);
    halve((method, path) => method === "GET" && path.includes("/issues"));
    const seen = await connection.github.fetchCandidates(repo);
    expect(seen.known && seen.value.map((candidate) => candidate.number)).toEqual([number]);
    await connection.close();
    expect(await readFile(join(keptIn, "github-answers.json"), "utf8")).not.toContain("half");
  });
});

describe("a request that waits for its turn", () => {
  const close = { add: [], remove: [], close: true };
  const release = (): number => stage.released("maintainer", "maintainer");
  const isClosed = (number: number): boolean => stage.hub.issue(repo, number).state === "closed";

  test("is not sent once the bot may no longer act", async () => {
    let deposed = false;
    const connection = await stage.connect("token-afk-bot", undefined, () => {
      if (deposed) throw new AfkError("conflict", "another one leads");
    });
    const issues = [release(), release(), release()];
    const all = issues.map((number) => connection.github.showIssue(repo, number, close));
    void all[0]?.then(() => {
      deposed = true;
    });
    const ended = await Promise.allSettled(all);
    expect(ended.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
    expect(issues.map(isClosed)).toEqual([true, false, false]);
    await connection.close();
  });

  test("is not sent while a limit is in force that came meanwhile", async () => {
    const { github } = stage.connection;
    const issues = [release(), release()];
    const all = issues.map((number) => github.showIssue(repo, number, close));
    await all[0];
    stage.hub.rateLimitNow(30, "secondary");
    await expect(stage.poll()).rejects.toThrow();
    const asked = stage.hub.listener.count();
    await expect(all[1]).rejects.toThrow(/rate limit/);
    expect(stage.hub.listener.count()).toBe(asked);
  });
});

describe("answers kept over a restart", () => {
  const file = (): string => join(stage.dir, "keep", "github-answers.json");
  const connect = (token = "token-afk-bot") => stage.connect(token, join(stage.dir, "keep"));
  async function look(connection: GitHubConnection): Promise<number> {
    const before = await used(connection);
    await connection.github.fetchCandidates(repo);
    return (await used(connection)) - before;
  }

  test("make the first look free", async () => {
    const first = await connect();
    expect(await look(first)).toBe(1);
    await first.close();
    const second = await connect();
    expect(await look(second)).toBe(0);
    await second.close();
    expect((await stat(file())).mode & 0o077).toBe(0);
    expect(await readFile(file(), "utf8")).not.toContain("token-afk-bot");
  });

  test("are not used for another account", async () => {
    const first = await connect();
    await look(first);
    await first.close();
    const second = await connect("token-maintainer");
    expect(second.answers.size).toBe(0);
    await second.close();
  });

  test.each(["", "{", '{"version":1}', "[1,2]"])("that read %j are started afresh", async (text) => {
    const first = await connect();
    await look(first);
    await first.close();
    await writeFile(file(), text);
    const second = await connect();
    expect(await look(second)).toBe(1);
    await second.close();
    const third = await connect();
    expect(await look(third)).toBe(0);
    await third.close();
  });
});

describe("a rate limit", () => {
  test.each(["primary", "secondary"] as const)(
    "(%s) is told, waited for without a request, and over when it is over",
    async (kind) => {
      const { github, limits } = stage.connection;
      const dependencies = createDependencies(["github"], stage.clock, log);
      await stage.poll();
      stage.hub.rateLimitNow(600, kind);
      await github.fetchCandidates(repo);
      const before = stage.hub.listener.count();
      dependencies.noteObserved("github", await github.fetchCandidates(repo));
      dependencies.noteObserved("github", await github.fetchIssue(repo, 1));
      expect(stage.hub.listener.count()).toBe(before);
      expect(dependencies.all()[0]).toMatchObject({
        state: "down",
        why: expect.stringContaining("waiting until 2030-01-01T09:1"),
      });
      expect(limits.inForce()[0]).toMatchObject({ bucket: "core", kind });
      stage.hub.rateLimitNow(0, kind);
      stage.pass(601);
      expect(limits.inForce()).toEqual([]);
      expect((await github.fetchCandidates(repo)).known).toBe(true);
    },
  );
});

describe("the pace of polling", () => {
  test.each([
    [1, 30_000, 120],
    [100, 30_000, 12_000],
    [300, 30_000, 36_000],
    [1_000, 100_000, 36_000],
    [5_000, 500_000, 36_000],
  ])("%i repos: every %i ms, %i requests an hour", (repos, everyMs, perHour) => {
    expect(pollEvery(30_000, repos, 36_000)).toBe(everyMs);
    expect(requestsPerHourAt(everyMs, repos)).toBe(perHour);
  });

  test("after a start no minute has more first looks than the limit takes", () => {
    const looks = Array.from({ length: 1_000 }, (_, index) => firstLookMs(index, 1_000, 100_000));
    expect(looks.filter((ms) => ms < 60_000).length).toBeLessThan(900);
    expect(Math.max(...looks)).toBe(100_000);
    expect(firstLookMs(5, 6, 30_000)).toBe(0);
  });
});

describe("a GitHub App", () => {
  const keys = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const pem = { type: "spki", format: "pem" } as const;

  test("gets an installation's token by its key, works as its bot, and gives git the same token", async () => {
    const publicKey = keys.publicKey.export(pem).toString();
    // An app signs with the clock of its machine: this GitHub has the same.
    await using real = await setGitHubStage(Date.now());
    real.hub.installApp({ id: 11, installationId: 22, publicKey, login: "release-train[bot]" });
    const privateKey = keys.privateKey.export({ type: "pkcs1", format: "pem" }).toString();
    const credentials = { kind: "app", appId: 11, installationId: 22, privateKey } as const;
    const clock = { now: () => Date.now() };
    const options = { apiUrl: real.hub.apiUrl, credentials, policy, keepIn: undefined, clock, log };
    const connection = await connectGitHub(options);
    const { number } = real.hub.as("maintainer").createIssue(repo, { title: "A" });
    const said = { id: null, marker: "<!-- m -->", body: "<!-- m -->\nHello" };
    const id = await connection.github.showComment(repo, number, said);
    expect(await connection.github.showComment(repo, number, { ...said, body: "<!-- m -->\nAgain" })).toBe(id);
    expect(real.hub.issue(repo, number).comments).toMatchObject([
      { author: "release-train[bot]", body: "<!-- m -->\nAgain" },
    ]);
    expect(await connection.auth.token()).toMatch(/^ghs_/);
    expect(connection.auth.identity).not.toContain("ghs_");
    await connection.close();
  });

  test("whose key GitHub does not know is told so", async () => {
    const privateKey = keys.privateKey.export({ type: "pkcs1", format: "pem" }).toString();
    const credentials = { kind: "app", appId: 11, installationId: 99, privateKey } as const;
    const clock = { now: () => Date.now() };
    const connection = await connectGitHub({
      apiUrl: stage.hub.apiUrl,
      credentials,
      policy,
      keepIn: undefined,
      clock,
      log,
    });
    await expect(connection.auth.token()).rejects.toMatchObject({ code: "unauthorised" });
    expect(await connection.github.fetchCandidates(repo)).toMatchObject({
      known: false,
      why: expect.stringContaining("app 11"),
    });
    await connection.close();
  });
});
