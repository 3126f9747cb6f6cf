import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const LOG = fileURLToPath(new URL("../../src/log.ts", import.meta.url));

/** What a process writes that makes a log with `secrets` and runs `script` with it. */
function written(secrets: readonly string[], script: string): string {
  const program = `import { createLog } from ${JSON.stringify(LOG)};
    const secrets = new Set(${JSON.stringify(secrets)});
    const log = createLog("info", secrets);
    ${script}`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
  expect(stderr).toBe("");
  return stdout;
}

test("a configured secret is in no line, be it a field, a part of a text, or in an error", () => {
  const out = written(
    ["ghp_very-secret", 'with "quotes" in it'],
    `log.info({ token: "ghp_very-secret", why: "refused ghp_very-secret, sorry" }, "one");
     log.child({ at: "ghp_very-secret" }).warn({ deep: { list: ["xghp_very-secretx"] } }, "two");
     log.error({ why: 'said with "quotes" in it' }, "three");
     secrets.add("rotated-since");
     log.info({ url: "https://x:rotated-since@host/" }, "four");`,
  );
  for (const secret of ["ghp_very-secret", "quotes", "rotated-since"]) expect(out).not.toContain(secret);
  const lines = out
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  expect(lines).toMatchObject([
    { token: "[secret]", why: "refused [secret], sorry" },
    { at: "[secret]", deep: { list: ["x[secret]x"] } },
    { why: "said [secret]" },
    { url: "https://x:[secret]@host/" },
  ]);
});

test("a key's lines are left out one by one, and what is too short for a secret is left alone", () => {
  const key = "-----BEGIN KEY-----\nMIIEvAIBADANBg\n-----END KEY-----";
  const out = written([key, "ab"], `log.info({ why: "bad line MIIEvAIBADANBg", word: "cabbage" }, "one");`);
  expect(out).not.toContain("MIIEvAIBADANBg");
  expect(JSON.parse(out)).toMatchObject({ why: "bad line [secret]", word: "cabbage" });
});
