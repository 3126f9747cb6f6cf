// The demo as a person starts it, and a browser in front of its page.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";

const root = fileURLToPath(new URL("../..", import.meta.url));

export type Demo = AsyncDisposable & {
  readonly url: string;
  readonly process: ChildProcess;
  /** From the start of the command to its page's address. */
  readonly openedAfterMs: number;
  /** What it printed so far. */
  output(): string;
  /** Ctrl-C. Resolves with the exit code. */
  stop(): Promise<number | null>;
};

export async function startDemo(...args: readonly string[]): Promise<Demo> {
  const begun = performance.now();
  const child = spawn(process.execPath, ["playground/demo.ts", ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const url = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        output += `${line}\n`;
        const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
        if (address !== undefined) resolve(address);
      });
    }
    child.once("exit", () => reject(new Error(`the demo ended before its page was there:\n${output}`)));
  });
  const openedAfterMs = performance.now() - begun;

  async function stop(): Promise<number | null> {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, "exit");
      child.kill("SIGINT");
      await ended;
    }
    return child.exitCode;
  }
  return {
    url,
    process: child,
    openedAfterMs,
    output: () => output,
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

/** The flags keep it from looking for anything beyond the page. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function openBrowser(): Promise<Browser> {
  const executablePath = process.env["CHROMIUM"];
  if (executablePath === undefined) throw new Error("no CHROMIUM: run `npm run test:browser`");
  return await chromium.launch({ executablePath, args: FLAGS });
}

export type Look = { readonly width: 1280 | 800; readonly scheme: "light" | "dark" };

/** The page with its tour in sight. Anything that it logs as an error is kept. */
export async function openPage(
  browser: Browser,
  url: string,
  look: Look,
): Promise<Page & { readonly errors: string[] }> {
  const viewport = { width: look.width, height: 800 };
  const page = await browser.newPage({ viewport, colorScheme: look.scheme, reducedMotion: "reduce" });
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  await page.goto(url);
  await page.locator(".step").first().waitFor();
  return Object.assign(page, { errors });
}

/** A picture where `--shots` asked for pictures. */
export async function shoot(page: Page, name: string): Promise<void> {
  const dir = process.env["SHOTS"];
  if (dir !== undefined) await page.screenshot({ path: join(dir, `${name}.png`) });
}
