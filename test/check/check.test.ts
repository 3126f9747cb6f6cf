// `afk check` against the playground: all well, then each thing broken in turn, and mended.

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { startSlack } from "../../playground/slack/slack.ts";
import { type Stage, setStage } from "../../playground/sweep/stage.ts";
import { channel, cluster, repo, slackUsers, tokens } from "../../playground/world/team.ts";
import { checkClock } from "../../src/check/clock.ts";
import { checkCluster } from "../../src/check/cluster.ts";
import type { Checked } from "../../src/check/command.ts";
import type { Area } from "../../src/check/finding.ts";
import { checkGitHub, checkRepoAccess } from "../../src/check/github.ts";
import { checkSlack } from "../../src/check/slack.ts";
import { checkT3 } from "../../src/check/t3.ts";
import { checkVolume } from "../../src/check/volume.ts";
import { type Config, loadConfig } from "../../src/config.ts";
import { connectGitHub } from "../../src/github/connect.ts";
import { BOT_SCOPES } from "../../src/slack/scopes.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const log = pino({ level: "silent" });
const clock = { now: () => Date.now() };

let dir: string;
let stage: Stage;
let env: Record<string, string>;
let config: Config;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "afk-check-"));
  stage = await setStage(dir);
  env = {
    AFK_GITHUB_TOKEN: tokens.githubBot,
    AFK_SLACK_BOT_TOKEN: "xoxb-playground",
    AFK_SLACK_APP_TOKEN: "xapp-playground",
    AFK_T3_TOKEN: stage.addresses.t3Token,
  };
  config = loadConfig(stage.configFile, env);
  const maintainer = stage.github.as("maintainer");
  const { number } = maintainer.createIssue(repo, { title: "Any", body: "" });
  for (const label of ["ready-for-agent", "agent-running", "ready-for-human"]) {
    maintainer.label({ repo, number }, label);
    maintainer.unlabel({ repo, number }, label);
  }
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

/** The config with some keys set anew: `{ "t3.version": "9" }`. */
function changed(keys: Readonly<Record<string, unknown>>, environment: Record<string, string> = env): Config {
  const raw = parse(readFileSync(stage.configFile, "utf8")) as Record<string, unknown>;
  for (const [path, value] of Object.entries(keys)) {
    const names = path.split(".");
    const last = names.pop() ?? "";
    const section = names.reduce<Record<string, unknown>>((at, name) => {
      at[name] ??= {};
      return at[name] as Record<string, unknown>;
    }, raw);
    section[last] = value;
  }
  const file = join(dir, "changed.yaml");
  writeFileSync(file, stringify(raw));
  return loadConfig(file, environment);
}

/** The one check of the area that does not pass, with its remedy; fails the test where there are more or none. */
function trouble({ findings }: Area): { readonly check: string; readonly text: string } {
  const bad = findings.filter(({ result }) => result === "fail");
  expect(bad.map(({ check }) => check)).toHaveLength(1);
  const [one] = bad;
  expect(one?.remedy).toBeTruthy();
  return { check: one?.check ?? "", text: `${one?.why} → ${one?.remedy}` };
}

const ofRepo = async (token = tokens.githubBot as string): Promise<Area> => {
  const credentials = { kind: "token", token } as const;
  const { policy } = config;
  const connection = await connectGitHub({ ...config.github, credentials, policy, keepIn: undefined, clock, log });
  return await checkRepoAccess(repo, policy.labels, connection, clock).finally(() => connection.close());
};

describe("the command", () => {
  const check = async (file: string, ...more: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
    const args = ["src/main.ts", "check", "--config", file, ...more];
    const options = { cwd: root, env: { PATH: process.env["PATH"], HOME: dir, ...env } };
    return await run(process.execPath, args, options).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
  };

  test("says of a world where all is well that the bot can work, and ends with 0", async () => {
    const { code, stdout } = await check(stage.configFile);
    expect(stdout).toMatch(/\d+ passed, \d+ to look at: the bot can work\.\n$/);
    for (const area of ["volume", "clock", "slack", "github", "t3", "cluster", repo]) {
      expect(stdout).toMatch(new RegExp(`^${area}$`, "m"));
    }
    expect(code).toBe(0);
  });

  test("with --json gives one line, and ends with 1 where a service is away, saying what was not tried", async () => {
    await stage.github.listener.off();
    try {
      const { code, stdout } = await check(stage.configFile, "--json");
      expect(code).toBe(1);
      const { ok, areas } = JSON.parse(stdout) as Checked;
      expect(ok).toBe(false);
      const found = (area: string) => areas.find((one) => one.area === area)?.findings ?? [];
      expect(found("github")[0]).toMatchObject({ check: "account", result: "fail" });
      expect(found("repos")).toMatchObject([
        { check: repo, result: "unknown", why: expect.stringContaining("github") },
      ]);
      expect(found("slack").every(({ result }) => result === "pass")).toBe(true);
      for (const secret of Object.values(env)) expect(stdout).not.toContain(secret);
    } finally {
      await stage.github.listener.on();
    }
  });

  test("names a wrong config and an unlisted repo, and ends with 2", async () => {
    const file = join(dir, "wrong.yaml");
    writeFileSync(file, "slack: {}\n");
    expect(await check(file)).toMatchObject({ code: 2, stderr: expect.stringContaining("slack.botToken") });
    const unlisted = await check(stage.configFile, "--repo", "acme/other");
    expect(unlisted).toMatchObject({ code: 2, stderr: expect.stringContaining("acme/other is not listed") });
  });
});

describe("the volume and the clock", () => {
  test("a volume that is not mounted", async () => {
    const { check, text } = trouble(await checkVolume(changed({ volume: "/nowhere/volume" })));
    expect(check).toBe("folder");
    expect(text).toMatch(/\/nowhere\/volume is not there → Mount the volume at \/nowhere\/volume/);
  });

  test("a volume that takes no files", async () => {
    const area = await checkVolume(changed({ volume: "/proc", state: join(dir, "state") }));
    const writing = area.findings.find(({ check }) => check === "writable");
    expect(writing).toMatchObject({ result: "fail", remedy: expect.stringContaining("Let the bot's user write") });
  });

  test("a state folder of its own that cannot be made", async () => {
    const { check } = trouble(await checkVolume(changed({ state: `${stage.configFile}/state` })));
    expect(check).toBe("state");
  });

  test("a volume that is too full", async () => {
    const { text } = trouble(await checkVolume(changed({ "policy.minFreePercent": 90 })));
    expect(text).toMatch(/% of its (bytes|files) free → Make room/);
  });

  test("a clock that is five minutes off", async () => {
    const date = new Date(Date.now() + 5 * 60_000).toUTCString();
    const answer = { do: "answer", status: 200, headers: { date } } as const;
    stage.github.listener.intercept({
      before: async ({ path }) => (path.endsWith("/meta") ? answer : undefined),
    });
    const { text } = trouble(await checkClock(config.github.apiUrl, clock));
    stage.github.listener.intercept(undefined);
    expect(text).toMatch(/^(299|300|301)\.\d s behind GitHub's → .*chrony/);
  });
});

describe("Slack", () => {
  const slackOf = (keys: Readonly<Record<string, unknown>>, environment = env): Promise<Area> =>
    checkSlack(changed(keys, environment), log);

  test("a bot token that Slack does not know", async () => {
    const { check, text } = trouble(await slackOf({}, { ...env, AFK_SLACK_BOT_TOKEN: "xoxb-other" }));
    expect(check).toBe("bot token");
    expect(text).toContain("Bot User OAuth Token");
  });

  test("an app token that Slack does not know", async () => {
    const { check, text } = trouble(await slackOf({}, { ...env, AFK_SLACK_APP_TOKEN: "xapp-other" }));
    expect(check).toBe("app token");
    expect(text).toContain("connections:write");
  });

  test("a scope that is not granted", async () => {
    await using other = await startSlack({ botScopes: BOT_SCOPES.filter((scope) => scope !== "commands") });
    other.addChannel({ ...channel, members: [other.bot.userId] });
    const { check, text } = trouble(await slackOf({ "slack.apiUrl": other.apiUrl }));
    expect(check).toBe("scopes");
    expect(text).toMatch(/missing: commands → .*reinstall/);
  });

  test("a channel that does not exist, and one that the bot is not in", async () => {
    expect(trouble(await slackOf({ "slack.channel": "C0NOWHERE" })).text).toContain("Set slack.channel");
    stage.slack.kick(channel.id);
    const { check, text } = trouble(await slackOf({}));
    stage.slack.invite(channel.id);
    expect(check).toBe("channel");
    expect(text).toContain("/invite @afk");
  });

  test("an operator who is nobody", async () => {
    const { text } = trouble(await slackOf({ "slack.operators": [slackUsers[0].id, "U0GONE"] }));
    expect(text).toContain("U0GONE is nobody here");
  });

  test("asks for the scopes of the manifest", () => {
    const manifest = parse(readFileSync(join(root, "manifest.yml"), "utf8")) as {
      oauth_config: { scopes: { bot: string[] } };
    };
    expect([...BOT_SCOPES].sort()).toEqual([...manifest.oauth_config.scopes.bot].sort());
  });
});

describe("GitHub", () => {
  test("a token that GitHub does not know", async () => {
    const credentials = { kind: "token", token: "ghp_unknown" } as const;
    const { policy } = config;
    const connection = await connectGitHub({ ...config.github, credentials, policy, keepIn: undefined, clock, log });
    const { check, text } = trouble(await checkGitHub(config, connection, clock));
    await connection.close();
    expect(check).toBe("account");
    expect(text).toContain("Make another token");
  });

  test("a repo that is not there for the account", async () => {
    const { policy } = config;
    const connection = await connectGitHub({ ...config.github, policy, keepIn: undefined, clock, log });
    const { text } = trouble(await checkRepoAccess("acme/nothing", policy.labels, connection, clock));
    await connection.close();
    expect(text).toContain("access to acme/nothing");
  });

  test("a role that may only read: by the rules, and by trying", async () => {
    stage.github.setPermission(repo, "afk-bot", "read");
    const { findings } = await ofRepo();
    stage.github.setPermission(repo, "afk-bot", "write");
    const failed = findings.filter(({ result }) => result === "fail");
    expect(failed.map(({ check }) => check)).toEqual(["push rights", "labelling", "pushing"]);
    for (const { remedy } of failed) expect(remedy).toContain("write role");
  });

  test("a default branch that takes no push of the bot's", async () => {
    stage.github.protectBranch(repo, "main", { requirePullRequest: true, enforceAdmins: true });
    const { check, text } = trouble(await ofRepo());
    stage.github.unprotectBranch(repo, "main");
    expect(check).toBe("branch protection");
    expect(text).toContain("bypass");
  });

  test("a token that may not read checks", async () => {
    const refused = { do: "answer", status: 403, body: '{"message":"Resource not accessible"}' } as const;
    const headers = { "content-type": "application/json" };
    stage.github.listener.intercept({
      before: async ({ path }) => (path.includes("/check-runs") ? { ...refused, headers } : undefined),
    });
    const { check, text } = trouble(await ofRepo());
    stage.github.listener.intercept(undefined);
    expect(check).toBe("reading");
    expect(text).toMatch(/cannot read checks .*→ Grant the token read access/);
  });

  test("changes nothing in the repo", async () => {
    const labels = (): string => JSON.stringify(stage.github.repo(repo).labels);
    const before = { labels: labels(), head: await stage.github.head(repo) };
    const { findings } = await ofRepo();
    expect(findings.every(({ result }) => result === "pass")).toBe(true);
    expect({ labels: labels(), head: await stage.github.head(repo) }).toEqual(before);
  });
});

describe("T3", () => {
  const t3Of = (keys: Readonly<Record<string, unknown>>, token = env["AFK_T3_TOKEN"] ?? ""): Promise<Area> => {
    const config = changed(keys, { ...env, AFK_T3_TOKEN: token });
    return checkT3(config.t3.servers[0], config, clock, log);
  };

  test("another version than the one that is pinned", async () => {
    const { text } = trouble(await t3Of({ "t3.version": "9.9.9" }));
    expect(text).toMatch(/T3 0\.0\.28 answers, and the config pins 9\.9\.9 → Install T3 9\.9\.9/);
  });

  test("a token that T3 does not know, one that lacks a scope, and one that ends today", async () => {
    expect(trouble(await t3Of({}, "e30.e30")).check).toBe("token");
    const reader = stage.t3.issueToken({ scopes: ["orchestration:read"] });
    expect(trouble(await t3Of({}, reader)).text).toMatch(/lacks orchestration:operate\. → Mint one/);
    const short = stage.t3.issueToken({ ttlMs: 60_000 });
    expect(trouble(await t3Of({}, short)).text).toContain("nothing renews it");
  });

  test("a way to it that lets no WebSocket through, which is no reason not to work", async () => {
    stage.t3.listener.intercept({
      before: async ({ path }) => (path.startsWith("/ws") ? { do: "answer", status: 403 } : undefined),
    });
    const { findings } = await t3Of({});
    stage.t3.listener.intercept(undefined);
    expect(findings.find(({ check }) => check === "stream")).toMatchObject({
      result: "warn",
      remedy: expect.stringContaining("Let WebSockets through"),
    });
  });

  test("a pilot that was never run", async () => {
    const { findings } = await t3Of({ state: join(dir, "fresh") });
    expect(findings.find(({ check }) => check === "pilot")).toMatchObject({
      result: "warn",
      why: expect.stringContaining("never run"),
    });
  });
});

describe("the cluster", () => {
  const all = ["get", "list", "watch"];
  const rules = [
    { apiGroups: ["apps"], resources: ["deployments", "statefulsets", "daemonsets", "replicasets"], verbs: all },
    { apiGroups: [""], resources: ["pods", "events"], verbs: all },
  ];
  const clusterOf = (keys: Readonly<Record<string, unknown>> = {}): Promise<Area> => checkCluster(changed(keys));

  test("no kubeconfig and no service account", async () => {
    const { check, text } = trouble(await clusterOf({ "kubernetes.kubeconfig": join(dir, "none.yaml") }));
    expect(check).toBe("answers");
    expect(text).toContain("kubernetes.kubeconfig");
  });

  test("a token that the cluster does not know", async () => {
    const file = join(dir, "other.yaml");
    writeFileSync(file, readFileSync(stage.addresses.kubeconfigFile, "utf8").replace(tokens.clusterBot, "unknown"));
    const area = await clusterOf({ "kubernetes.kubeconfig": file });
    expect(trouble(area).text).toMatch(/does not know us \(401\) → Renew/);
    expect(area.findings.map(({ result }) => result)).toContain("unknown");
  });

  test("a right that is missing: each is named, down to the lease", async () => {
    const file = join(dir, "narrow.yaml");
    writeFileSync(file, readFileSync(stage.addresses.kubeconfigFile, "utf8").replace(tokens.clusterBot, "narrow"));
    const leases = { apiGroups: ["coordination.k8s.io"], resources: ["leases"] };
    const narrow = { "kubernetes.kubeconfig": file, "leaderElection.enabled": true };
    stage.cluster.addToken("narrow", { user: "narrow", rules });
    const { findings } = await clusterOf(narrow);
    const failed = findings.filter(({ result }) => result === "fail");
    expect(failed.map(({ why }) => why)).toEqual([
      "may not get pods/log",
      "may not get, update, create the Lease default/afk-bot",
    ]);
    const granted = [
      ...rules,
      { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
      { ...leases, verbs: ["create"] },
      { ...leases, verbs: ["get", "update"], resourceNames: ["afk-bot"] },
    ];
    stage.cluster.addToken("narrow", { user: "narrow", rules: granted });
    expect((await clusterOf(narrow)).findings.every(({ result }) => result === "pass")).toBe(true);
  });

  test("a workload that is not there, and a container that it has not", async () => {
    const repos = (workload: object): object => ({ repos: [{ repo, workloads: [workload] }] });
    const { namespace, deployment: name } = cluster;
    const missing = await clusterOf({ ...repos({ namespace, name: "elsewhere" }) });
    expect(trouble(missing).text).toMatch(/elsewhere is not there → Correct the repo's workloads/);
    const container = await clusterOf({ ...repos({ namespace, name, container: "sidecar" }) });
    expect(trouble(container).text).toMatch(/has no container sidecar → Set its container to one of app/);
  });
});
