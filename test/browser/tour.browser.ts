import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Demo, openBrowser, openPage, shoot, startDemo } from "./demo.ts";

let demo: Demo;
let browser: Browser;
let page: Page & { readonly errors: string[] };

beforeAll(async () => {
  [demo, browser] = await Promise.all([startDemo(), openBrowser()]);
  page = await openPage(browser, demo.url, { width: 1280, scheme: "light" });
});
afterAll(async () => {
  await browser?.close();
  await demo?.[Symbol.asyncDispose]();
});

async function done(step: string): Promise<void> {
  await page.locator(`[data-step=${step}][data-state=done]`).waitFor({ timeout: 120_000 });
  await shoot(page, `tour-${step}`);
}

/** Files the issue that the tour's step is about, and labels it. */
async function release(): Promise<void> {
  await page.getByRole("button", { name: "Write it for me" }).click();
  await page.getByRole("button", { name: "Create issue" }).click();
  await page.getByRole("button", { name: "+ ready-for-agent" }).click();
}

test("an issue that is filed and labelled by clicking is picked up, and its thread opens in Slack", async () => {
  await shoot(page, "tour-start");
  await release();
  await done("release");
});

test("it is followed to a healthy deploy, and closed", async () => {
  await done("watch");
});

test("nothing on the page failed on the way", () => {
  expect(page.errors).toEqual([]);
});
