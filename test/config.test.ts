import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type Config, loadConfig } from "../src/config.ts";
import { AfkError } from "../src/errors.ts";

const dir = mkdtempSync(join(tmpdir(), "afk-config-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const env = { GH: "gh-secret", BOT: "xoxb-secret", APP: "xapp-secret", T3: "t3-secret" };
const good = `
github: { token: { env: GH } }
slack: { botToken: { env: BOT }, appToken: { env: APP }, channel: C0AFK }
t3: { url: http://t3.afk.svc:3773/, token: { env: T3 } }
volume: data
repos:
  - repo: Acme/Shop
    workloads: [{ namespace: shop, name: web }]
`;

function load(text: string, environment: NodeJS.ProcessEnv = env): Config {
  const file = join(dir, "afk.yaml");
  writeFileSync(file, text);
  return loadConfig(file, environment);
}

function problemsOf(text: string, environment: NodeJS.ProcessEnv = env): string {
  try {
    load(text, environment);
  } catch (error) {
    if (error instanceof AfkError && error.code === "config") return error.message;
    throw error;
  }
  throw new Error("the config was accepted");
}

describe("the config", () => {
  test("has defaults for everything that is not about the place it runs in", () => {
    const config = load(good);
    expect(config.policy).toMatchObject({ pollMs: 30_000, watchMs: 5_000, maxRuns: 4 });
    expect(config.github.apiUrl).toBe("https://api.github.com");
    expect(config.t3.servers[0].publicUrl).toBe("http://t3.afk.svc:3773");
  });

  test("takes paths from where the file is, and a repo in any case for the same repo", () => {
    const config = load(good);
    expect(config.volume).toBe(join(dir, "data"));
    expect([...config.repos.keys()]).toEqual(["acme/shop"]);
  });

  test("reads a secret from a file", () => {
    writeFileSync(join(dir, "token"), "from-a-file\n");
    expect(load(good.replace("{ env: BOT }", "{ file: token }")).slack.botToken).toBe("from-a-file");
  });

  test("names everything that is wrong at once, each with its path and what was expected", () => {
    const text = problemsOf(
      good
        .replace("channel: C0AFK", "channel: '#afk'")
        .replace("url: http://t3.afk.svc:3773/", "url: t3.afk.svc")
        .replace("repo: Acme/Shop", "repo: shop")
        .replace("namespace: shop,", "")
        .concat("policy: { poll: fast, watchh: 5s }\n"),
    );
    for (const part of [
      "slack.channel: expected a channel id",
      "t3.url: expected an http(s) URL",
      'repos[0].repo: expected owner/name, not "shop"',
      "repos[0].workloads[0].namespace: missing",
      "policy.poll: expected a duration",
      "policy.watchh: unknown key",
    ]) {
      expect(text).toContain(part);
    }
    expect(text).toMatch(/has 6 problems/);
  });

  test("names a missing secret and never prints one", () => {
    const text = problemsOf(good, { ...env, GH: undefined, T3: "" });
    expect(text).toContain("github.token: the environment variable GH is not set");
    expect(text).toContain("T3 is not set");
    expect(text).not.toContain("xoxb-secret");
  });

  test("refuses a secret written into the file, without repeating it", () => {
    const text = problemsOf(good.replace("{ env: GH }", "ghp_written_down"));
    expect(text).toContain("github.token: expected { env: NAME } or { file: PATH }");
    expect(text).not.toContain("ghp_written_down");
  });

  test("refuses a repo that is listed twice, whatever its case", () => {
    expect(problemsOf(`${good}  - { repo: acme/SHOP, workloads: [] }\n`)).toContain(
      "repos[1].repo: acme/shop is listed twice",
    );
  });

  test("listens for probes on loopback, and in a pod where the kubelet can ask", () => {
    expect(load(good).http).toEqual({ host: "127.0.0.1", port: 8080 });
    expect(load(good, { ...env, KUBERNETES_SERVICE_HOST: "10.0.0.1" }).http.host).toBe("0.0.0.0");
  });

  test("refuses a leader election whose times leave no margin", () => {
    const text = problemsOf(`${good}leaderElection: { leaseDuration: 10s, renewDeadline: 10s, retryPeriod: 5s }\n`);
    expect(text).toContain("leaderElection.leaseDuration: has to be longer than renewDeadline");
    expect(text).toContain("leaderElection.renewDeadline: has to be longer than two retryPeriods");
  });

  test.each(["", "- a list", "github: [", "just text"])("refuses %j with a sentence, not a stack", (text) => {
    expect(problemsOf(text)).toMatch(/afk\.yaml (has|is not)/);
  });
});
