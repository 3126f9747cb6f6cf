// Where the bearer comes from, and what happens when it ends. Against the stand-in, which signs and expires real tokens.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { claimsOf, createTokens } from "../../src/t3/token.ts";
import { clock, setup } from "./t3-support.ts";

const READ = ["orchestration:read"] as const;
const script = (code: string) => [process.execPath, "-e", code];

describe.concurrent("the token", () => {
  test("in a file is read anew, so that a mounted secret may change", async () => {
    await using t3 = await setup({ stream: false });
    const path = join(t3.world.dir, "token");
    const first = t3.server.issueToken();
    writeFileSync(path, `${first}\n`);
    const client = t3.clientWith({ from: "file", path });
    expect((await client.session()).authenticated).toBe(true);
    t3.server.revoke(first);
    writeFileSync(path, t3.server.issueToken({ scopes: READ }));
    expect(await client.session()).toMatchObject({ authenticated: true, scopes: READ });
    writeFileSync(path, "");
    await expect(client.session()).rejects.toMatchObject({
      code: "unauthorised",
      message: expect.stringContaining("empty"),
    });
  });

  test("is minted by a command, as text or JSON, without the bot's secrets in its environment", async () => {
    await using t3 = await setup({ stream: false });
    const token = t3.server.issueToken();
    process.env["AFK_SECRET_FOR_TEST"] = "secret";
    const logs = `if (process.env.AFK_SECRET_FOR_TEST) process.exit(3); console.log("some log line");`;
    const text = t3.clientWith({ from: "command", argv: script(`${logs} console.log(${JSON.stringify(token)})`) });
    expect((await text.session()).authenticated).toBe(true);
    const json = JSON.stringify(JSON.stringify({ sessionId: "s", token, expiresAt: "later" }));
    const other = t3.clientWith({ from: "command", argv: script(`console.log(${json})`) });
    expect((await other.session()).authenticated).toBe(true);
  });

  test("that a command cannot mint is a sentence with the command's own last words", async () => {
    const argv = script(`console.error("no database here"); process.exit(1)`);
    const tokens = createTokens({ from: "command", argv }, "http://127.0.0.1:9", clock);
    await expect(tokens.current()).rejects.toMatchObject({
      code: "unauthorised",
      message: expect.stringMatching(/Cannot mint a T3 token .*no database here.*t3\.token\.command/),
    });
    const silent = createTokens({ from: "command", argv: script("") }, "http://127.0.0.1:9", clock);
    await expect(silent.current()).rejects.toMatchObject({ message: expect.stringContaining("it printed no token") });
  });

  test("is renewed before it expires, and not sooner", async () => {
    await using t3 = await setup({ stream: false });
    let now = Date.now();
    const admin = t3.server.issueToken();
    const from = { from: "exchange", adminToken: { from: "value", value: admin } } as const;
    const tokens = createTokens(from, t3.server.url, { now: () => now });
    const first = await tokens.current();
    const { issuedAt, expiresAt } = claimsOf(first) ?? { issuedAt: 0, expiresAt: 0 };
    now = issuedAt + (expiresAt - issuedAt) / 2;
    expect(await tokens.current()).toBe(first);
    now = expiresAt - 60_000;
    expect(await tokens.current()).not.toBe(first);
  });

  test("by exchange can read and operate, and nothing else", async () => {
    await using t3 = await setup({ stream: false });
    const adminToken = { from: "value", value: t3.server.issueToken() } as const;
    const client = t3.clientWith({ from: "exchange", adminToken });
    expect((await client.session()).scopes).toEqual(["orchestration:read", "orchestration:operate"]);
  });

  test("that T3 refuses is renewed once, and the call goes on", async () => {
    await using t3 = await setup({ stream: false });
    const adminToken = { from: "value", value: t3.server.issueToken() } as const;
    const tokens = createTokens({ from: "exchange", adminToken }, t3.server.url, clock);
    const spent = await tokens.current();
    t3.server.revoke(spent);
    const next = await tokens.renew(spent);
    expect(next).not.toBe(spent);
    expect(await tokens.renew(spent)).toBe(next);
    expect(await tokens.current()).toBe(next);
  });

  test("that nothing renews is told to people: T3 refuses our token", async () => {
    await using t3 = await setup({ stream: false });
    const value = t3.server.issueToken();
    const client = t3.clientWith({ from: "value", value });
    t3.server.revoke(value);
    const refusal = { code: "unauthorised", message: expect.stringContaining("T3 refuses our token") };
    await expect(client.findThread("th", "fresh")).rejects.toMatchObject(refusal);
    await expect(client.check()).rejects.toMatchObject(refusal);
  });

  test("that lacks a right is told with the right it lacks", async () => {
    await using t3 = await setup({ stream: false });
    const client = t3.clientWith({ from: "value", value: t3.server.issueToken({ scopes: READ }) });
    const command = { type: "thread.delete", commandId: "x", threadId: "y" };
    await expect(client.dispatch(command)).rejects.toMatchObject({
      code: "unauthorised",
      message: expect.stringContaining("orchestration:operate"),
    });
  });
});
