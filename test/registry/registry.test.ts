// Which commit an image is of, where only its digest is known: over real HTTP, and as a workload's rule.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { clusterAdmin, startKubernetes } from "../../playground/kubernetes/cluster.ts";
import { type Registry, startRegistry } from "../../playground/registry/registry.ts";
import { createClusterClients } from "../../src/kubernetes/clients.ts";
import { createCluster } from "../../src/kubernetes/cluster.ts";
import { parseImage } from "../../src/registry/image.ts";
import { createLabelOf } from "../../src/registry/registry.ts";

const LABEL = "org.opencontainers.image.revision";
const SHA = "a1b2c3d".padEnd(40, "0");
const DIGEST = `sha256:${"c".repeat(64)}`;
const login = { username: "bot", password: "a:secret" };

let registry: Registry;
beforeAll(async () => {
  registry = await startRegistry({ login: "bot:a:secret" });
});
afterAll(() => registry[Symbol.asyncDispose]());
afterEach(() => registry.listener.intercept(undefined));

const listed = (who: typeof login | null = login) =>
  createLabelOf([{ host: registry.host, url: registry.listener.url, login: who ?? undefined }]);
const imageOf = (digest: string, name = "acme/shop"): string => `${registry.host}/${name}@${digest}`;

describe("an image's name", () => {
  test.each([
    [`ghcr.io/acme/shop@${DIGEST}`, { host: "ghcr.io", name: "acme/shop" }],
    [`ghcr.io/acme/shop:v1@${DIGEST}`, { host: "ghcr.io", name: "acme/shop" }],
    [`localhost:5000/shop@${DIGEST}`, { host: "localhost:5000", name: "shop" }],
    [`acme/shop@${DIGEST}`, { host: "docker.io", name: "acme/shop" }],
    [`nginx@${DIGEST}`, { host: "docker.io", name: "library/nginx" }],
  ])("%s", (image, expected) => {
    expect(parseImage(image)).toEqual({ ...expected, digest: DIGEST });
  });

  test.each([
    `ghcr.io/acme/shop:v1`,
    `ghcr.io/acme/../x@${DIGEST}`,
    "ghcr.io/acme/shop@sha256:abc",
    `ghcr.io/a?b=c@${DIGEST}`,
  ])("%s is none to look up", (image) => {
    expect(() => parseImage(image)).toThrow(/named by tag|not the name of an image/);
  });
});

describe("an image's label", () => {
  test("is read with a token for that repository, of the platform's image and not of its attestation, once", async () => {
    const labelOf = listed();
    const image = imageOf(registry.push("acme/shop", { [LABEL]: SHA }));
    expect(await labelOf(image, LABEL)).toBe(SHA);
    const before = registry.listener.count();
    expect(await labelOf(image, LABEL)).toBe(SHA);
    expect(registry.listener.count()).toBe(before);
    expect(await labelOf(imageOf(registry.push("acme/shop", { other: "x" })), LABEL)).toBeNull();
  });

  test("is refused without the login, and the answer says where to give it", async () => {
    const image = imageOf(registry.push("acme/shop", { [LABEL]: SHA }));
    await expect(listed(null)(image, LABEL)).rejects.toThrow(/kubernetes\.registries/);
    await expect(listed({ ...login, password: "wrong" })(image, LABEL)).rejects.toMatchObject({ code: "unauthorised" });
  });

  test("of a registry that is not listed is not asked for: anybody may name an image", async () => {
    const before = registry.listener.count();
    const elsewhere = createLabelOf([{ host: "ghcr.io", url: "https://ghcr.io", login }]);
    await expect(elsewhere(imageOf(DIGEST), LABEL)).rejects.toThrow(/not listed/);
    expect(registry.listener.count()).toBe(before);
  });

  test("counts only where what came has the digest that was asked for", async () => {
    const image = imageOf(registry.push("acme/shop", { [LABEL]: "other" }));
    registry.corruptNext();
    await expect(listed()(image, LABEL)).rejects.toThrow(/something else/);
    expect(await listed()(image, LABEL)).toBe("other");
  });

  test("is unknown where the registry fails or has no such image, and asked for again", async () => {
    const labelOf = listed();
    const image = imageOf(registry.push("acme/shop", { [LABEL]: SHA }));
    registry.listener.intercept({ before: async () => ({ do: "answer", status: 503 }) });
    await expect(labelOf(image, LABEL)).rejects.toMatchObject({ code: "unreachable" });
    registry.listener.intercept(undefined);
    expect(await labelOf(image, LABEL)).toBe(SHA);
    await expect(labelOf(imageOf(DIGEST), LABEL)).rejects.toMatchObject({ code: "refused" });
  });

  test("sends the login nowhere that is not encrypted but the registry itself", async () => {
    const labelOf = listed();
    const image = imageOf(registry.push("acme/shop", { [LABEL]: SHA }));
    const headers = { "www-authenticate": 'Bearer realm="http://elsewhere.example/token",service="x"' };
    registry.listener.intercept({ before: async () => ({ do: "answer", status: 401, headers }) });
    await expect(labelOf(image, LABEL)).rejects.toThrow(/not encrypted/);
  });
});

test("a workload whose image is named by digest carries the commit of its label, and is unknown while nobody can say", async () => {
  const dir = mkdtempSync(join(tmpdir(), "afk-digest-"));
  const cluster = await startKubernetes({ speed: 20 });
  try {
    cluster.addToken("t", { user: "bot", rules: clusterAdmin });
    writeFileSync(join(dir, "kubeconfig"), cluster.kubeconfig("t"));
    cluster.createNamespace("shop");
    const image = imageOf(registry.push("acme/shop", { [LABEL]: SHA }));
    await cluster.createDeployment({ namespace: "shop", name: "web", image, replicas: 1, wait: "healthy" });
    const workloads = [{ kind: "Deployment" as const, namespace: "shop", name: "web", imageLabel: LABEL }];
    const log = pino({ level: "silent" });
    const repos = new Map([["acme/shop", { workloads }]]);
    const bot = createCluster(createClusterClients(join(dir, "kubeconfig")), repos, async () => false, listed(), log);
    registry.listener.intercept({ before: async () => ({ do: "cut" }) });
    expect(await bot.observeRollouts("acme/shop", SHA)).toMatchObject({ known: false });
    registry.listener.intercept(undefined);
    expect(await bot.observeRollouts("acme/shop", SHA)).toMatchObject({ known: true, value: [{ carries: "landed" }] });
    const other = "d".repeat(40);
    expect(await bot.observeRollouts("acme/shop", other)).toMatchObject({ known: true, value: [{ carries: "other" }] });
    bot.close();
  } finally {
    await cluster.close();
    rmSync(dir, { recursive: true, force: true });
  }
});
