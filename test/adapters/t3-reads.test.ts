// The bot's own client, read by read and command by command, over the stand-in in each version's mode or over a real server
// (see t3-subject.ts). No agent has to run.

import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { createT3Client, type T3Client } from "../../src/t3/client.ts";
import { createTokens, type TokenFrom } from "../../src/t3/token.ts";
import { describeSubjects } from "../playground/t3-subject.ts";
import { clock, eventually, quiet } from "./t3-support.ts";

describeSubjects(["0.0.27", "0.0.28", "head"], "nothing", (subject) => {
  const clients: T3Client[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
  });

  function client(from: TokenFrom = { from: "value", value: subject.token }): T3Client {
    const tokens = createTokens(from, subject.url, clock);
    const made = createT3Client({ url: subject.url, tokens, pollMs: 0, clock, log: quiet });
    clients.push(made);
    return made;
  }

  async function thread(
    t3: T3Client,
  ): Promise<{ readonly root: string; readonly projectId: string; readonly id: string }> {
    const root = join(subject.dir, randomUUID());
    mkdirSync(root);
    const ids = { projectId: randomUUID(), threadId: randomUUID() };
    const createdAt = new Date().toISOString();
    const project = { type: "project.create", commandId: randomUUID(), projectId: ids.projectId, title: "reads" };
    await t3.dispatch({ ...project, workspaceRoot: root, createdAt });
    const modelSelection = { instanceId: "claudeAgent", model: "claude-opus-4-8" };
    const modes = { runtimeMode: "full-access", interactionMode: "default" };
    const place = { branch: null, worktreePath: null };
    await t3.dispatch({
      type: "thread.create",
      commandId: randomUUID(),
      ...ids,
      title: "reads",
      modelSelection,
      ...modes,
      ...place,
      createdAt,
    });
    return { root, projectId: ids.projectId, id: ids.threadId };
  }

  it("knows who answers, and what the token may do", async () => {
    const t3 = client();
    expect(await t3.environment()).toMatchObject({
      environmentId: expect.any(String),
      serverVersion: expect.any(String),
    });
    expect(t3.lastEnvironment()).toEqual(await t3.environment());
    const { authenticated, scopes, expiresAt } = await t3.session();
    expect(authenticated).toBe(true);
    expect(scopes).toContain("orchestration:operate");
    expect(expiresAt).toBeGreaterThan(Date.now());
  });

  it.each([true, false])(
    "finds a project by its root and a thread by its id, right after they were made (stream: %s)",
    async (stream) => {
      const t3 = client();
      if (stream) {
        t3.watch(() => {});
        await eventually("the stream", () => t3.live());
      }
      const made = await thread(t3);
      expect(await t3.findProject(made.root)).toBe(made.projectId);
      expect(await t3.findThread(made.id, "fresh")).toMatchObject({ id: made.id, session: null, messages: [] });
      expect(await t3.findProject(join(made.root, "nowhere"))).toBeUndefined();
      expect(await t3.findThread(randomUUID(), "fresh")).toBeUndefined();
    },
  );

  it("hears of a change of a thread, and of its end", async () => {
    const t3 = client();
    const heard: string[] = [];
    t3.watch((threadId) => heard.push(threadId));
    await eventually("the stream", () => t3.live());
    const { id } = await thread(client());
    await eventually("the new thread", () => heard.includes(id));
    expect(await t3.findThread(id, "watched")).toMatchObject({ id });
    const before = heard.length;
    await t3.dispatch({ type: "thread.delete", commandId: randomUUID(), threadId: id });
    await eventually("its end", () => heard.length > before);
    const gone = await t3.findThread(id, "watched");
    expect(gone?.deletedAt ?? "missing").not.toBeNull();
  });

  it("is refused for what cannot be, once and for all under the same id", async () => {
    const t3 = client();
    const commandId = randomUUID();
    const archive = { type: "thread.archive", commandId, threadId: randomUUID() };
    await expect(t3.dispatch(archive)).rejects.toMatchObject({ code: "refused" });
    await expect(t3.dispatch(archive)).rejects.toMatchObject({ code: "refused" });
  });

  it("mints a token that can read and operate, and nothing else", async () => {
    const t3 = client({ from: "exchange", adminToken: { from: "value", value: subject.token } });
    expect((await t3.session()).scopes).toEqual(["orchestration:read", "orchestration:operate"]);
    await expect(thread(t3)).resolves.toBeDefined();
  });

  it("says so when T3 refuses the token", async () => {
    const t3 = client({ from: "value", value: "bm8.bm8" });
    await expect(t3.findThread("x", "fresh")).rejects.toMatchObject({
      code: "unauthorised",
      message: expect.stringContaining("T3 refuses our token"),
    });
  });
});
