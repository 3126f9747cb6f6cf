import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBrowser, openPage, shoot, startDemo } from "./demo.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
});

/** The demos' folders: each has its own under the temporary one. */
function folders(): readonly string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith("afk-demo-"));
}

/** Command lines of processes that name a folder. */
function processesIn(folder: string): readonly string[] {
  const { stdout } = spawnSync("ps", ["-e", "-o", "args="], { encoding: "utf8" });
  return stdout.split("\n").filter((line) => line.includes(folder));
}

async function gone(folder: string): Promise<boolean> {
  for (let n = 0; n < 100; n += 1) {
    if (!existsSync(join(tmpdir(), folder)) && processesIn(folder).length === 0) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

describe("a demo", () => {
  test("beside another one keeps to itself, and leaves nothing behind when it is stopped or killed", async () => {
    const before = new Set(folders());
    await using one = await startDemo();
    await using other = await startDemo();
    const [first, second] = await Promise.all([
      openPage(browser, one.url, { width: 1280, scheme: "light" }),
      openPage(browser, other.url, { width: 1280, scheme: "dark" }),
    ]);
    console.info(
      `from the command to the page: ${one.openedAfterMs.toFixed(0)} and ${other.openedAfterMs.toFixed(0)} ms`,
    );
    await shoot(first, "start-light");
    await shoot(second, "start-dark");
    await first.getByRole("button", { name: "Write it for me" }).click();
    await first.getByRole("button", { name: "Create issue" }).click();
    await first.getByRole("button", { name: "+ ready-for-agent" }).click();
    await first.locator(".message").first().waitFor({ timeout: 90_000 });
    expect(await second.locator(".message").count()).toBe(0);
    expect(await second.locator(".pane-github .rows > li").count()).toBe(0);

    const ours = folders().filter((name) => !before.has(name));
    expect(ours).toHaveLength(2);
    expect(await one.stop()).toBe(0);
    other.process.kill("SIGKILL");
    for (const folder of ours) expect(await gone(folder), folder).toBe(true);
    await first.close();
    await second.close();
  });

  test("says in one line that its port is taken", async () => {
    await using one = await startDemo();
    const { port } = new URL(one.url);
    const second = await startDemo("--port", port).catch((error: unknown) => String(error));
    expect(second).toContain(`port ${port}`);
  });
});

describe("an agent of one's own", () => {
  test("works in the tree, with its output in the transcript, to a healthy deploy", async () => {
    const dir = mkdtempSync(join(tmpdir(), "own agent-"));
    const script = join(dir, "agent.sh");
    writeFileSync(
      script,
      `#!/bin/sh
echo "own agent in $(git rev-parse --abbrev-ref HEAD)"
trailers=$(sed -n 's/^ *\\(Closes #.*\\|AFK-Run: .*\\|Implemented-by: .*\\)$/\\1/p' "$1")
echo "export const own = 1;" > src/own.js
git add src/own.js && git commit -q -m "feat: own" -m "$trailers" && git push -q origin HEAD:main
echo "a word on stderr" >&2
`,
      { mode: 0o755 },
    );
    try {
      await using demo = await startDemo("--agent", `sh '${script}' {promptFile}`);
      const page = await openPage(browser, demo.url, { width: 1280, scheme: "light" });
      await page.getByRole("button", { name: "Write it for me" }).click();
      expect(await page.getByLabel("The scripted agent will").count()).toBe(0);
      await page.getByRole("button", { name: "Create issue" }).click();
      await page.getByRole("button", { name: "+ ready-for-agent" }).click();
      await page.locator(".transcript", { hasText: "own agent in afk/1-" }).waitFor({ timeout: 90_000 });
      await page.locator(".transcript", { hasText: "a word on stderr" }).waitFor();
      await page.locator("[data-step=watch][data-state=done]").waitFor({ timeout: 120_000 });
      await shoot(page, "own-agent");
      await page.close();
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
