import { describe, expect, test } from "vitest";
import { createRedact, redactAll } from "../../src/domain/redact.ts";

const redact = createRedact(["correct-horse-battery"], ["INTERNAL-\\d{6}"]);
/** Put together here, so that nobody's scanner takes this file for a leak. */
const made = (...parts: readonly string[]): string => parts.join("");
const letters = "abcdefghijklmnopqrstuvwxyz0123456789ABCD";

describe("a secret is never quoted", () => {
  test.each<[string, string]>([
    ["a GitHub token", made("gh", "p_", letters.slice(0, 36))],
    ["a fine-grained one", made("github", "_pat_", letters.slice(0, 30))],
    ["a Slack token", made("xox", "b-", "1234567890-abcdef")],
    ["an AWS key", made("AK", "IA", "ABCDEFGHIJKLMNOP")],
    ["a model provider's key", made("sk-", "ant-", letters)],
    ["a JSON web token", made("eyJ", "hbGciOiJIUzI1NiJ9", ".eyJzdWIiOiIxMjM0NTY3ODkwIn0", ".c2lnbmF0dXJl")],
    ["a password in an address", "postgres://shop:hunter22@db.example/shop"],
    ["an authorization header", "Authorization: Basic dXNlcjpodW50ZXIyMg=="],
    ["a bearer", "curl -H 'X: Bearer abcdefghijklmnop'"],
    ["what is named a password", "DB_PASSWORD=hunter22hunter"],
    ["what is named so in JSON", '{"apiKey": "hunter22hunter"}'],
    ["a private key", `-----BEGIN RSA PRIVATE KEY-----\n${letters}\n-----END RSA PRIVATE KEY-----`],
    ["one of the bot's own", "it said correct-horse-battery"],
    ["what the operator adds", "case INTERNAL-123456"],
  ])("%s", (_what, text) => {
    const out = redact(`before\n${text}\nafter`);
    expect(out).toContain("[secret]");
    expect(out).toContain("before\n");
    expect(out).toContain("\nafter");
    for (const part of ["hunter22", letters.slice(0, 20), "dXNlcjpodW", "horse", "123456", "hbGciOi", "klmnop"]) {
      expect(out).not.toContain(part);
    }
  });

  test.each([
    "the token expired",
    "tokens: 1200",
    "3 secrets were found",
    "password must be at least 8 characters",
    `commit ${"a1b2c3d4".repeat(5)}`,
    "https://github.com/acme/shop/issues/12",
    "skipped sk-short",
  ])("and an innocent text stays as it is: %s", (text) => {
    expect(redact(text)).toBe(text);
  });

  test("wherever in a value it is", () => {
    const value = { a: [{ b: "DB_PASSWORD=hunter22hunter", c: 1, d: null }] };
    expect(redactAll(value, redact)).toEqual({ a: [{ b: "DB_PASSWORD=[secret]", c: 1, d: null }] });
  });

  test("a long hostile text costs no time", () => {
    const started = performance.now();
    redact(`${"secret".repeat(20_000)}${"-----BEGIN PRIVATE KEY-----".repeat(2_000)}${"a.".repeat(50_000)}`);
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});
