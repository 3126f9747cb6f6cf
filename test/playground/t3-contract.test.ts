// The observed contract of T3 Code's orchestration API where no agent has to run: authentication, decoding, commands,
// refusals, reads, the WebSocket's manners. Through HTTP and WebSocket alone, so it also runs against a real server.

import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import type { Thread } from "../../playground/t3/model.ts";
import {
  type Answer,
  type Client,
  clientOf,
  connect,
  eventually,
  fixture,
  newProject,
  shape,
  stamp,
} from "./t3-client.ts";
import { describeSubjects } from "./t3-subject.ts";

describeSubjects(["0.0.27", "0.0.28", "head"], "nothing", (subject) => {
  let t3: Client;
  beforeAll(() => {
    t3 = subject.t3;
  });

  it("answers who it is to anybody, as JSON", async () => {
    const answer = await clientOf(subject.url, "").request("GET", "/.well-known/t3/environment");
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ environmentId: expect.any(String), serverVersion: expect.any(String) });
  });

  it("refuses with a reason that tells a missing credential from a bad one", async () => {
    const missing = { _tag: "EnvironmentAuthInvalidError", code: "auth_invalid", reason: "missing_credential" };
    const traceId = expect.stringMatching(/^[0-9a-f]{32}$/);
    const nobody = clientOf(subject.url, "");
    const snapshot = "/api/orchestration/snapshot";
    expect(await nobody.request("GET", snapshot)).toMatchObject({ status: 401, json: { ...missing, traceId } });
    const lower = await nobody.request("GET", snapshot, { headers: { authorization: `bearer ${subject.token}` } });
    expect(lower).toMatchObject({ status: 401, json: missing });
    const garbage = await clientOf(subject.url, "garbage").request("GET", snapshot);
    expect(garbage).toMatchObject({ status: 401, json: { ...missing, reason: "invalid_credential" } });
    const forged = `${subject.token.split(".")[0]}.${Buffer.from("no").toString("base64url")}`;
    expect(await clientOf(subject.url, forged).request("GET", snapshot)).toMatchObject({ status: 401 });
  });

  it("tells a token's scopes and expiry at the session endpoint, and in the token itself", async () => {
    const answer = await t3.request("GET", "/api/auth/session");
    expect(answer.json).toMatchObject({ authenticated: true, expiresAt: expect.any(String) });
    const claims = JSON.parse(Buffer.from(subject.token.split(".")[0] ?? "", "base64url").toString("utf8"));
    expect(claims).toMatchObject({ v: 1, kind: "session", scopes: (answer.json as { scopes: string[] }).scopes });
    expect(claims.exp).toBeGreaterThan(claims.iat);
    const nobody = await clientOf(subject.url, "garbage").request("GET", "/api/auth/session");
    expect(nobody).toMatchObject({ status: 200, json: { authenticated: false } });
  });

  it("trades a pairing credential for a least-privilege token, once", async () => {
    const pair = async () =>
      (
        (
          await t3.request("POST", "/api/auth/pairing-token", {
            body: { label: "orch", scopes: ["orchestration:read", "orchestration:operate"] },
          })
        ).json as { credential: string }
      ).credential;
    const credential = await pair();
    const granted = await exchange(credential, "orchestration:read");
    expect(granted).toMatchObject({ status: 200, json: { token_type: "Bearer", scope: "orchestration:read" } });
    const { access_token } = granted.json as { access_token: string };
    const reader = clientOf(subject.url, access_token);
    expect((await reader.request("GET", "/api/orchestration/snapshot")).status).toBe(200);
    expect(await reader.dispatch({ type: "thread.delete", threadId: "nope" })).toMatchObject({
      status: 403,
      json: {
        _tag: "EnvironmentScopeRequiredError",
        code: "insufficient_scope",
        requiredScope: "orchestration:operate",
      },
    });
    expect(await exchange(credential)).toMatchObject({ status: 401, json: { reason: "invalid_credential" } });
    // A refused exchange spends the credential too.
    const second = await pair();
    expect(await exchange(second, "access:write")).toMatchObject({
      status: 400,
      json: { reason: "scope_not_granted" },
    });
    expect(await exchange(second)).toMatchObject({ status: 401 });
    expect(await exchange(await pair(), "no:such")).toMatchObject({ status: 400, json: { reason: "invalid_scope" } });
    const json = await t3.request("POST", "/oauth/token", { body: {} });
    expect(json).toMatchObject({ status: 415, text: "Unsupported content-type: application/json" });
  });

  function exchange(credential: string, scope?: string): Promise<Answer> {
    const form = new URLSearchParams({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token: credential,
      subject_token_type: "urn:t3:params:oauth:token-type:environment-bootstrap",
      requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
      ...(scope === undefined ? {} : { scope }),
    });
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    return clientOf(subject.url, "").request("POST", "/oauth/token", { raw: form.toString(), headers });
  }

  it("judges the body before the scope", async () => {
    const { credential } = (
      await t3.request("POST", "/api/auth/pairing-token", { body: { scopes: ["orchestration:read"] } })
    ).json as { credential: string };
    const { access_token } = (await exchange(credential)).json as { access_token: string };
    const reader = clientOf(subject.url, access_token);
    const post = (raw: string) => reader.request("POST", "/api/orchestration/dispatch", { raw });
    expect(await post('{"type":')).toMatchObject({ status: 500, text: "" });
    expect(await post("[]")).toMatchObject({ status: 400, text: "" });
  });

  it("takes a revoked token for garbage at once, and does not let a client revoke itself", async () => {
    const { credential } = (await t3.request("POST", "/api/auth/pairing-token", { body: {} })).json as {
      credential: string;
    };
    const { access_token } = (await exchange(credential)).json as { access_token: string };
    const sid = (token: string) => JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()).sid;
    const revoke = (sessionId: string) => t3.request("POST", "/api/auth/clients/revoke", { body: { sessionId } });
    expect(await revoke(sid(access_token))).toMatchObject({ status: 200, json: { revoked: true } });
    const read = await clientOf(subject.url, access_token).request("GET", "/api/orchestration/snapshot");
    expect(read).toMatchObject({ status: 401, json: { reason: "invalid_credential" } });
    expect(await revoke(sid(subject.token))).toMatchObject({ status: 403, json: { code: "operation_forbidden" } });
  });

  it("answers every recorded command as the real server did, sequences included", async () => {
    const recorded = fixture("dispatch-errors.json") as readonly {
      case: string;
      request: string | Record<string, unknown>;
      status: number;
      body: string | Record<string, unknown>;
    }[];
    const tag = randomUUID().slice(0, 8);
    const root = join(subject.dir, `recorded-${tag}`);
    mkdirSync(join(root, "repos", "r1"), { recursive: true });
    const map = (value: unknown) =>
      JSON.parse(
        JSON.stringify(value)
          .replaceAll("/data/", `${root}/`)
          .replace(/"((?:proj|th|t|cmd)-[a-z0-9-]+)"/g, (_, id: string) => `"${id}-${tag}"`),
      ) as Record<string, unknown>;
    const created = { title: "x", createdAt: stamp() };
    const project = { projectId: `proj-1-${tag}`, workspaceRoot: join(root, "repos", "r1") };
    await t3.command({ type: "project.create", ...project, ...created });
    const from = await t3.command({
      type: "thread.create",
      threadId: `th-commit-${tag}`,
      projectId: `proj-1-${tag}`,
      modelSelection: { instanceId: "claudeAgent", model: "claude-opus-4-8" },
      runtimeMode: "full-access",
      branch: null,
      worktreePath: null,
      ...created,
    });
    // The one that differs on HEAD also shifts every later sequence and depends on: skip what follows from it there.
    const differs = new Set(["project.create same workspaceRoot other id"]);
    const follows = /proj-dup|deleted project|project\.delete (?:empty|again)/;
    let shift = from - 262;
    for (const { case: name, request, status, body } of recorded) {
      if (subject.version === "head" && differs.has(name)) {
        shift -= 1;
        const answer = await t3.request("POST", "/api/orchestration/dispatch", { body: map(request) });
        expect(answer, name).toMatchObject({ status: 500, json: { reason: "orchestration_dispatch_failed" } });
        continue;
      }
      if (subject.version === "head" && (follows.test(name) || follows.test(JSON.stringify(request)))) continue;
      if (name === "same commandId after fixing cause") mkdirSync(join(root, "repos", "late"));
      const raw = typeof request === "string" ? request : JSON.stringify(map(request));
      const headers = status === 415 ? { "content-type": "text/plain" } : {};
      const answer = await t3.request("POST", "/api/orchestration/dispatch", { raw, headers });
      expect(answer.status, name).toBe(status);
      if (typeof body === "string") expect(answer.text, name).toBe(body);
      else if (typeof body["sequence"] === "number")
        expect(answer.json, name).toEqual({ sequence: body["sequence"] + shift });
      else expect(answer.json, name).toEqual({ ...body, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) });
    }
  });

  it("shows a project and a thread in the recorded shape, with the command's effect at once", async () => {
    const projectId = await newProject(t3, join(subject.dir, "plain"));
    const threadId = await t3.createThread(projectId, {
      branch: "b",
      worktreePath: "/nowhere",
      interactionMode: "default",
    });
    const snapshot = await t3.snapshot();
    const wanted = fixture("snapshot-02-thread-created.json") as typeof snapshot;
    expect(shape(snapshot.projects.find(({ id }) => id === projectId))).toEqual(shape(wanted.projects[0]));
    expect(shape(snapshot.threads.find(({ id }) => id === threadId))).toEqual(shape(wanted.threads[0]));
  });

  it("keeps deleted and archived threads in the snapshot", async () => {
    const projectId = await newProject(t3, join(subject.dir, "plain-2"));
    const threadId = await t3.createThread(projectId);
    await t3.command({ type: "thread.archive", threadId });
    expect((await t3.thread(threadId)).archivedAt).not.toBeNull();
    await t3.command({ type: "thread.delete", threadId });
    expect((await t3.thread(threadId)).deletedAt).not.toBeNull();
  });

  it("ignores bootstrap over HTTP", async () => {
    const projectId = await newProject(t3, join(subject.dir, "plain-3"));
    const threadId = `th-${randomUUID()}`;
    const answer = await t3.dispatch({
      type: "thread.turn.start",
      threadId,
      message: { messageId: randomUUID(), role: "user", text: "x", attachments: [] },
      runtimeMode: "full-access",
      interactionMode: "default",
      bootstrap: {
        createThread: {
          projectId,
          title: "boot",
          modelSelection: { instanceId: "claudeAgent", model: "m" },
          runtimeMode: "full-access",
          interactionMode: "default",
          branch: null,
          worktreePath: null,
          createdAt: stamp(),
        },
      },
    });
    expect(answer).toMatchObject({ status: 500, json: { reason: "orchestration_dispatch_failed" } });
  });

  it("keeps the client's time in the releases and its own on HEAD", async () => {
    const projectId = await newProject(t3, join(subject.dir, "plain-4"));
    const threadId = await t3.createThread(projectId, { createdAt: "yesterday" });
    const { createdAt } = await t3.thread(threadId);
    if (subject.version === "head") expect(Date.parse(createdAt)).toBeGreaterThan(0);
    else expect(createdAt).toBe("yesterday");
  });

  it("has the cheap reads as JSON on HEAD only", async () => {
    const projectId = await newProject(t3, join(subject.dir, "plain-5"));
    const threadId = await t3.createThread(projectId);
    const shell = await t3.request("GET", "/api/orchestration/shell");
    const one = await t3.request("GET", `/api/orchestration/threads/${threadId}`);
    const unknown = await t3.request("GET", "/api/orchestration/threads/nope");
    if (subject.version === "head") {
      expect(shell.json).toMatchObject({ snapshotSequence: expect.any(Number), threads: expect.any(Array) });
      expect(one.json).toMatchObject({ thread: { id: threadId } });
      expect(unknown).toMatchObject({ status: 404, json: { reason: "thread_not_found" } });
    } else {
      for (const answer of [shell, one, unknown]) expect(answer.type).not.toContain("json");
    }
  });

  it("answers a wrong method on a known path with an empty 404", async () => {
    expect(await t3.request("GET", "/api/orchestration/dispatch")).toMatchObject({ status: 404, text: "" });
    expect(await t3.request("POST", "/api/orchestration/snapshot", { body: {} })).toMatchObject({
      status: 404,
      text: "",
    });
  });

  it("lets a WebSocket in by ticket or bearer, and nobody else", async () => {
    const { ticket } = (await t3.request("POST", "/api/auth/websocket-ticket", { body: {} })).json as {
      ticket: string;
    };
    using byTicket = await connect(`${subject.url}/ws?wsTicket=${ticket}`, {});
    expect(await byTicket.call("orchestration.nonsense")).toEqual({
      _tag: "Defect",
      defect: "Unknown request tag: orchestration.nonsense",
    });
    using byBearer = await connect(`${subject.url}/ws`, { authorization: `Bearer ${subject.token}` });
    expect(await byBearer.call("orchestration.replayEvents", { fromSequenceExclusive: 0 })).toMatchObject({
      _tag: "Exit",
      exit: { _tag: "Success", value: expect.any(Array) },
    });
    await expect(connect(`${subject.url}/ws`, {})).rejects.toThrow("401");
  });

  it("streams the shell in the recorded shape, and no second chunk before the first is acknowledged", async () => {
    const projectId = await newProject(t3, join(subject.dir, "plain-6"));
    using socket = await connect(`${subject.url}/ws`, { authorization: `Bearer ${subject.token}` });
    const mute = socket.stream("orchestration.subscribeShell", {}, false);
    const live = socket.stream("orchestration.subscribeShell", {});
    await eventually(() => mute.values.length === 1 && live.values.length === 1, "the first chunks");
    const threadId = await t3.createThread(projectId);
    await eventually(() => live.values.some((value) => value["kind"] === "thread-upserted"), "the change");
    expect(mute.values).toHaveLength(1);
    const change = live.values.find((value) => value["kind"] === "thread-upserted");
    expect(change).toMatchObject({ thread: { id: threadId, hasPendingApprovals: false } });
    const recorded = fixture("ws-shell-stream-events.json") as readonly unknown[];
    expect(shape({ ...change, thread: { ...(change?.["thread"] as Thread), branch: "", worktreePath: "" } })).toEqual(
      shape(recorded[0]),
    );
    await t3.command({ type: "thread.archive", threadId });
    await eventually(() => live.values.some((value) => value["kind"] === "thread-removed"), "the removal");
    socket.send({ _tag: "Ack", requestId: mute.id });
    await eventually(() => mute.values.length > 1, "the held back chunk");
  });
});
