// A check that GitHub did not answer, against the stand-in GitHub.

import { expect, test } from "vitest";
import { isEnrolled } from "../../src/domain/enrolment.ts";
import { repo, setGitHubStage } from "../support/github-stage.ts";

test("a repo that GitHub answered half about is checked again within a minute, not only when it would be for a real trouble", async () => {
  await using stage = await setGitHubStage();
  const { hub, enrolments, pass } = stage;
  hub.listener.intercept({
    async before({ path }) {
      if (!path.includes("/branches/")) return undefined;
      const headers = { "content-type": "application/json" };
      return { do: "answer", status: 200, headers, body: '{"half":' };
    },
  });
  const first = await enrolments.current(repo);
  expect(first?.known && first.value.checks.some(({ result }) => result === "unknown")).toBe(true);
  expect(first?.known && isEnrolled(first.value)).toBe(false);
  hub.listener.intercept(undefined);
  pass(60);
  const second = await enrolments.current(repo);
  expect(second?.known && isEnrolled(second.value)).toBe(true);
});
