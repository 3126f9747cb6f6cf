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

async function become(person: string): Promise<void> {
  await page.locator(".people label", { hasText: person }).click();
}

test("an issue that is filed and labelled by clicking is picked up, and its thread opens in Slack", async () => {
  await shoot(page, "tour-start");
  await release();
  await done("release");
});

test("it is followed to a healthy deploy, and closed", async () => {
  await done("watch");
});

test("the agent's question is answered by a modal in Slack, and the agent goes on with it", async () => {
  await release();
  await page.getByRole("button", { name: "Answer…" }).click();
  const modal = page.getByRole("dialog", { name: "Answer the agent" });
  await modal.getByText("To the nearest").click();
  await shoot(page, "tour-answer-modal");
  await modal.getByRole("button", { name: "Send" }).click();
  await done("answer");
});

test("a change that crashes in the cluster is sent back, and at last freezes the repo", async () => {
  await release();
  await done("break");
});

test("someone without the right cannot unfreeze it, and is told who can", async () => {
  await become("Viewer");
  await page.getByRole("button", { name: "Unfreeze…" }).click();
  await page.locator("[data-only-you=true]", { hasText: "Only operators" }).waitFor();
  await shoot(page, "tour-refused");
  await become("Operator");
  expect(await page.getByRole("dialog").count()).toBe(0);
});

test("an operator unfreezes it, and it is mended and deployed", async () => {
  await page.getByRole("button", { name: "Unfreeze…" }).click();
  const modal = page.getByRole("dialog", { name: "Unfreeze" });
  await modal.getByText("Keep fixing").click();
  await shoot(page, "tour-unfreeze-modal");
  await modal.getByRole("button", { name: "Unfreeze" }).click();
  await done("unfreeze");
});

test("the daily report is there for the asking", async () => {
  const box = page.getByLabel(/^Message #/);
  await box.fill("/afk report");
  await box.press("Enter");
  await page.locator("[data-only-you=true]", { hasText: "Daily report" }).waitFor();
  await done("report");
});

test("nothing on the page failed on the way", () => {
  expect(page.errors).toEqual([]);
});
