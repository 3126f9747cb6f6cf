import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Demo, openBrowser, openPage, shoot, startDemo } from "./demo.ts";

type Opened = Page & { readonly errors: string[] };

const axe = fileURLToPath(import.meta.resolve("axe-core/axe.min.js"));

let demo: Demo;
let browser: Browser;
let wide: Opened;
let narrow: Opened;

beforeAll(async () => {
  [demo, browser] = await Promise.all([startDemo(), openBrowser()]);
  wide = await openPage(browser, demo.url, { width: 1280, scheme: "light" });
  narrow = await openPage(browser, demo.url, { width: 800, scheme: "dark" });
});
afterAll(async () => {
  await browser?.close();
  await demo?.[Symbol.asyncDispose]();
});

async function file(page: Page, title: string, agent: string): Promise<void> {
  await page.locator(".pane-github .tabs").getByRole("button", { name: "Issues" }).click();
  await page.getByRole("button", { name: "New issue" }).click();
  await page.getByLabel("Title").fill(title);
  await page.getByLabel("Description").fill("Please.");
  await page.getByLabel("The scripted agent will").selectOption(agent);
  await page.getByRole("button", { name: "Create issue" }).click();
}

function card(page: Page, title: string): Locator {
  return page.locator(".message[data-only-you=false]", { hasText: title }).first();
}

/** What axe holds against the page as it stands: rule, and where. */
async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(await readFile(axe, "utf8"));
  const found = await page.evaluate<readonly Violation[]>("axe.run().then(({ violations }) => violations)");
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
}

type Violation = { readonly id: string; readonly nodes: readonly { readonly html: string }[] };

describe("at 1280 pixels", () => {
  test("an issue goes from label to deployed, and the card's link opens its session on the page", async () => {
    await file(wide, "Weigh in ounces too", "slow ms=4000");
    await wide.getByRole("button", { name: "+ ready-for-agent" }).click();
    const session = card(wide, "Weigh in ounces too").getByRole("link", { name: "Open session" });
    await session.click({ timeout: 60_000 });
    await wide.locator(".transcript", { hasText: "Reading the code first." }).waitFor();
    await shoot(wide, "wide-working");
    await card(wide, "Weigh in ounces too").getByText("Deployed").waitFor({ timeout: 120_000 });
    await card(wide, "Weigh in ounces too").getByRole("link", { name: "acme/parcel-rates#1" }).click();
    await wide.locator(".issue .state-pill", { hasText: "closed" }).waitFor();
    expect(wide.context().pages()).toHaveLength(1);
  });

  test("a commit leads to its CI run with every step and its log", async () => {
    await wide.getByRole("button", { name: "Commits" }).click();
    await wide.locator(".pane-github .rows > li").first().getByRole("button").click();
    await wide.getByRole("button", { name: "Open its CI run" }).click();
    await wide.locator("summary", { hasText: "deploy" }).click();
    await wide.locator(".log", { hasText: "deployment parcel/parcel-rates set to" }).waitFor();
    await shoot(wide, "wide-run");
  });

  test("a thread is read and written in, and commands are refused there as in Slack", async () => {
    await card(wide, "Weigh in ounces too").getByRole("button", { name: /repl/ }).click();
    const reply = wide.getByLabel("Reply, or @afk-bot …");
    await reply.fill("Thank you!");
    await reply.press("Enter");
    await wide.locator(".message", { hasText: "Thank you!" }).waitFor();
    await reply.fill("/afk status");
    await reply.press("Enter");
    await wide.locator(".notice", { hasText: "/afk is not supported in threads" }).waitFor();
    await shoot(wide, "wide-thread");
    await wide.getByRole("button", { name: "Thread in #afk" }).click();
  });

  test("a command's answer is seen by the one who asked and by nobody else", async () => {
    const box = wide.getByLabel("Message #afk, or /afk …");
    await box.fill("/afk status");
    await box.press("Enter");
    const answer = wide.locator("[data-only-you=true]", { hasText: "1 repo enrolled" });
    await answer.waitFor();
    await shoot(wide, "wide-status");
    await wide.locator(".people label", { hasText: "Guest" }).click();
    await answer.waitFor({ state: "detached" });
    await wide.locator(".people label", { hasText: "Operator" }).click();
    await answer.waitFor();
  });

  test("someone with the triage role may label, and starts nothing", async () => {
    await wide.getByLabel("Act on GitHub as").selectOption("triager");
    await file(wide, "Released by a triager", "good");
    await wide.getByRole("button", { name: "+ ready-for-agent" }).click();
    const box = wide.getByLabel("Message #afk, or /afk …");
    await box.fill("/afk why #2");
    await box.press("Enter");
    await wide.locator("[data-only-you=true]", { hasText: "triager" }).waitFor();
    await shoot(wide, "wide-why");
    expect(await card(wide, "Released by a triager").getByText("Working").count()).toBe(0);
  });

  test("an outsider may not even label, and is told so, but may comment and close what they filed", async () => {
    await wide.getByLabel("Act on GitHub as").selectOption("outsider");
    await file(wide, "Released by an outsider", "good");
    await wide.getByRole("button", { name: "+ ready-for-agent" }).click();
    await wide.locator(".notice", { hasText: "outsider may not change labels" }).waitFor();
    await wide.getByLabel("Comment").fill("Then I take it back.");
    await wide.getByRole("button", { name: "Comment" }).click();
    await wide.locator(".timeline .comment", { hasText: "Then I take it back." }).waitFor();
    await wide.getByRole("button", { name: "Close issue" }).click();
    await wide.locator(".issue .state-pill", { hasText: "closed" }).waitFor();
    await wide.getByLabel("Act on GitHub as").selectOption("maintainer");
  });
});

describe("the chaos panel", () => {
  test("with Slack off a run goes on, and its card is there once Slack is back", async () => {
    await wide.getByRole("button", { name: "Chaos" }).click();
    const slack = wide.getByRole("switch", { name: "Slack" });
    await slack.click();
    await wide.getByText("Slack is switched off").waitFor();
    await file(wide, "While Slack was away", "good");
    await wide.getByRole("button", { name: "+ ready-for-agent" }).click();
    await wide.locator(".issue .state-pill", { hasText: "closed" }).waitFor({ timeout: 120_000 });
    expect(await card(wide, "While Slack was away").count()).toBe(0);
    await shoot(wide, "wide-chaos");
    await slack.click();
    await card(wide, "While Slack was away").getByText("Deployed").waitFor({ timeout: 120_000 });
  });

  test("killed in mid-run, the bot is started again and finishes what it had begun, once", async () => {
    await file(wide, "While the bot was killed", "slow ms=4000");
    await wide.getByRole("button", { name: "+ ready-for-agent" }).click();
    await card(wide, "While the bot was killed").getByText("Working").waitFor({ timeout: 60_000 });
    await wide.getByRole("button", { name: "kill −9" }).click();
    await wide.getByText("ended once").waitFor();
    await card(wide, "While the bot was killed").getByText("Deployed").waitFor({ timeout: 120_000 });
    expect(await wide.locator(".message", { hasText: "While the bot was killed" }).count()).toBe(1);
  });

  test("T3 restarted in mid-turn does not end a run", async () => {
    await file(wide, "While T3 was restarted", "slow ms=4000");
    await wide.getByRole("button", { name: "+ ready-for-agent" }).click();
    await card(wide, "While T3 was restarted").getByText("Working").waitFor({ timeout: 60_000 });
    await wide.locator(".transcript", { hasText: "Reading the code first." }).waitFor();
    await wide.getByRole("button", { name: "Restart now" }).click();
    await card(wide, "While T3 was restarted").getByText("Deployed").waitFor({ timeout: 150_000 });
  });

  test("a full volume starts nothing, says so, and goes on when there is room", async () => {
    const fill = wide.getByRole("button", { name: "Fill it" });
    // Where the demo may not mount a volume of its own there is nothing to fill, and the panel says why.
    if (await fill.isDisabled()) {
      expect(await wide.locator(".chaos").textContent()).toContain("plain folder");
      return;
    }
    await fill.click();
    await wide.getByRole("button", { name: "Make room" }).waitFor();
    await file(wide, "While the volume was full", "good");
    await wide.getByRole("button", { name: "+ ready-for-agent" }).click();
    const box = wide.getByLabel("Message #afk, or /afk …");
    const number = (await wide.locator(".issue h3 .hint").textContent()) ?? "";
    await box.fill(`/afk why ${number}`);
    await box.press("Enter");
    await wide.locator("[data-only-you=true]", { hasText: "less than" }).waitFor({ timeout: 30_000 });
    await shoot(wide, "wide-full");
    await wide.getByRole("button", { name: "Make room" }).click();
    await card(wide, "While the volume was full").getByText("Deployed").waitFor({ timeout: 150_000 });
  });
});

describe("at 800 pixels, in the dark, by keyboard alone", () => {
  test("an issue is filed, labelled and followed without a mouse", async () => {
    const press = async (name: string): Promise<void> => {
      await narrow.getByRole("button", { name, exact: true }).focus();
      await narrow.keyboard.press("Enter");
    };
    await press("GitHub");
    await press("New issue");
    await narrow.getByLabel("Title").focus();
    await narrow.keyboard.type("Typed by hand");
    await shoot(narrow, "narrow-form");
    await press("Create issue");
    await press("+ ready-for-agent");
    await shoot(narrow, "narrow-issue");
    await press("Cluster and T3");
    await narrow.locator(".transcript", { hasText: "Done: feature" }).waitFor({ timeout: 60_000 });
    await shoot(narrow, "narrow-cockpit");
    await press("Slack");
    await card(narrow, "Typed by hand").getByText("Deployed").waitFor({ timeout: 120_000 });
    await shoot(narrow, "narrow-slack");
  });

  test("nothing is wider than the page", async () => {
    for (const name of ["Slack", "GitHub", "Cluster and T3"]) {
      await narrow.getByRole("button", { name, exact: true }).click();
      expect(await narrow.evaluate("document.documentElement.scrollWidth <= window.innerWidth")).toBe(true);
    }
  });

  test("Tab goes through everything that can be pressed, and shows where it is", async () => {
    await narrow.getByRole("button", { name: "Slack", exact: true }).focus();
    const seen: string[] = [];
    for (let n = 0; n < 12; n += 1) {
      await narrow.keyboard.press("Tab");
      const at = await narrow.evaluate(
        "({ name: document.activeElement.textContent || document.activeElement.tagName, outline: getComputedStyle(document.activeElement).outlineStyle })",
      );
      seen.push(JSON.stringify(at));
    }
    expect(new Set(seen).size).toBeGreaterThan(6);
  });
});

test("nothing on the page is out of reach of those who see or hear it otherwise", async () => {
  for (const page of [wide, narrow]) {
    await page.locator(".pane-tabs, .pane-github .tabs").first().waitFor({ state: "attached" });
    expect(await violations(page)).toEqual([]);
  }
  await wide.locator(".pane-slack .tabs").getByRole("button", { name: "Home" }).click();
  await wide.locator(".home", { hasText: "Ended in the last day" }).waitFor();
  await shoot(wide, "wide-home");
  expect(await violations(wide)).toEqual([]);
});

test("nothing on either page failed", () => {
  expect([...wide.errors, ...narrow.errors]).toEqual([]);
});

test("a page from elsewhere can neither read nor act", async () => {
  const act = (headers: Record<string, string>): Promise<Response> =>
    fetch(`${demo.url}/act`, { method: "POST", headers, body: JSON.stringify({ do: "chaos.kill" }) });
  const json = { "content-type": "application/json" };
  expect((await act({ ...json, origin: "http://elsewhere.example" })).status).toBe(403);
  expect((await fetch(`${demo.url}/`, { headers: { origin: "http://elsewhere.example" } })).status).toBe(403);
});
