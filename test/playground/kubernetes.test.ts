// The API server, through the real client library.

import {
  ApiException,
  AppsV1Api,
  AuthorizationV1Api,
  CoordinationV1Api,
  CoreV1Api,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
  V1MicroTime,
  VersionApi,
  Watch,
} from "@kubernetes/client-node";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type Cluster, clusterAdmin, startKubernetes } from "../../playground/kubernetes/cluster.ts";

let cluster: Cluster;
let namespace = "";
let count = 0;

beforeAll(async () => {
  cluster = await startKubernetes({ speed: 20 });
  cluster.addToken("admin-token", { user: "admin", rules: clusterAdmin });
});
afterAll(() => cluster.close());
beforeEach(() => {
  count += 1;
  namespace = `team-${count}`;
  cluster.createNamespace(namespace);
});

function as(token: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromString(cluster.kubeconfig(token, namespace));
  return config;
}

const admin = () => as("admin-token");
const apps = () => admin().makeApiClient(AppsV1Api);
const core = () => admin().makeApiClient(CoreV1Api);

function deployment(name: string, image = "registry.example/web:1", labels: Record<string, string> = {}) {
  const own = { app: name, ...labels };
  return {
    metadata: { name, labels: own },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: own }, spec: { containers: [{ name: "web", image }] } },
    },
  };
}

/** The Status body and code of a refusal. */
async function refusal(call: Promise<unknown>): Promise<{ code: number; reason: string; message: string }> {
  const error = await call.then(
    () => expect.unreachable("the call was not refused"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ApiException)) throw error;
  const body = typeof error.body === "string" ? JSON.parse(error.body) : error.body;
  return { code: error.code, reason: body.reason, message: body.message };
}

type Seen = {
  readonly type: string;
  readonly object: { metadata?: { name?: string }; code?: number; reason?: string };
};

async function watch(path: string, query: Record<string, unknown>) {
  const seen: Seen[] = [];
  const ended: { error?: unknown; done: boolean } = { done: false };
  const controller = await new Watch(admin()).watch(
    path,
    query as Record<string, string>,
    (type, object) => seen.push({ type, object }),
    (error) => Object.assign(ended, { error, done: true }),
  );
  return { seen, ended, stop: () => controller.abort() };
}

const names = (seen: readonly Seen[]) => seen.map(({ type, object }) => `${type} ${object.metadata?.name ?? ""}`);

describe("who may do what", () => {
  test("an unknown token is Unauthorized", async () => {
    const call = as("nobody").makeApiClient(AppsV1Api).listNamespacedDeployment({ namespace });
    await expect(call).rejects.toMatchObject({ code: 401 });
    const answer = await fetch(`${cluster.url}/api/v1/pods`, { headers: { authorization: "Bearer nobody" } });
    const status = { kind: "Status", status: "Failure", reason: "Unauthorized", message: "Unauthorized", code: 401 };
    expect(await answer.json()).toMatchObject(status);
  });

  test("a refusal names the user, the verb, the resource and the namespace", async () => {
    const rules = [{ apiGroups: ["apps"], resources: ["deployments"], verbs: ["list"], namespaces: [namespace] }];
    cluster.addToken("reader-token", { user: "reader", rules });
    const reader = as("reader-token");
    await reader.makeApiClient(AppsV1Api).listNamespacedDeployment({ namespace });
    expect(await refusal(reader.makeApiClient(AppsV1Api).readNamespacedDeployment({ namespace, name: "web" }))).toEqual(
      {
        code: 403,
        reason: "Forbidden",
        message: `deployments.apps "web" is forbidden: User "reader" cannot get resource "deployments" in API group "apps" in the namespace "${namespace}"`,
      },
    );
    expect((await refusal(reader.makeApiClient(AppsV1Api).listDeploymentForAllNamespaces())).message).toBe(
      'deployments.apps is forbidden: User "reader" cannot list resource "deployments" in API group "apps" at the cluster scope',
    );
    const log = reader.makeApiClient(CoreV1Api).readNamespacedPodLog({ namespace, name: "web-0" });
    expect((await refusal(log)).message).toContain('cannot get resource "pods/log" in API group ""');
  });

  test("a client may ask what it may do", async () => {
    const rules = [{ apiGroups: [""], resources: ["pods", "pods/log"], verbs: ["get"], namespaces: [namespace] }];
    cluster.addToken("log-token", { user: "log-reader", rules });
    const reviews = as("log-token").makeApiClient(AuthorizationV1Api);
    const may = async (verb: string, where: string) => {
      const resourceAttributes = { verb, resource: "pods", subresource: "log", namespace: where };
      const review = await reviews.createSelfSubjectAccessReview({ body: { spec: { resourceAttributes } } });
      return review.status?.allowed;
    };
    expect([await may("get", namespace), await may("delete", namespace), await may("get", "default")]).toEqual([
      true,
      false,
      false,
    ]);
    const own = await reviews.createSelfSubjectRulesReview({ body: { spec: { namespace } } });
    expect(own.status?.resourceRules.some(({ resources }) => resources?.includes("pods/log"))).toBe(true);
  });

  test("health and version are for everyone, the rest is not for strangers", async () => {
    expect(await (await fetch(`${cluster.url}/readyz`)).text()).toBe("ok");
    expect((await admin().makeApiClient(VersionApi).getCode()).gitVersion).toMatch(/^v1\./);
    expect((await fetch(`${cluster.url}/apis`)).status).toBe(403);
  });
});

describe("reading", () => {
  test("a list can be narrowed by labels and by name", async () => {
    for (const name of ["api", "web"]) {
      await apps().createNamespacedDeployment({
        namespace,
        body: deployment(name, undefined, { tier: `${name}-tier` }),
      });
    }
    const by = async (query: { labelSelector?: string; fieldSelector?: string }) =>
      (await apps().listNamespacedDeployment({ namespace, ...query })).items.map(({ metadata }) => metadata?.name);
    expect(await by({})).toEqual(["api", "web"]);
    expect(await by({ labelSelector: "tier in (web-tier, db-tier),app" })).toEqual(["web"]);
    expect(await by({ labelSelector: "tier!=web-tier" })).toEqual(["api"]);
    expect(await by({ fieldSelector: "metadata.name=web" })).toEqual(["web"]);
    expect((await refusal(by({ fieldSelector: "spec.replicas=1" }))).message).toBe(
      "field label not supported: spec.replicas",
    );
  });

  test("the pages of a list are of one moment, and expire when the history is compacted", async () => {
    for (const name of ["a", "b", "c"]) await apps().createNamespacedDeployment({ namespace, body: deployment(name) });
    const first = await apps().listNamespacedDeployment({ namespace, limit: 2 });
    expect(first.metadata?.remainingItemCount).toBe(1);
    await apps().deleteNamespacedDeployment({ namespace, name: "c" });
    const next = { namespace, limit: 2, _continue: first.metadata?._continue ?? "" };
    const second = await apps().listNamespacedDeployment(next);
    expect(second.items.map(({ metadata }) => metadata?.name)).toEqual(["c"]);
    cluster.createNamespace(`${namespace}-other`);
    cluster.expire();
    expect(await refusal(apps().listNamespacedDeployment(next))).toMatchObject({ code: 410, reason: "Expired" });
  });

  test("a missing object, resource and method are each refused in their own way", async () => {
    expect(await refusal(apps().readNamespacedDeployment({ namespace, name: "none" }))).toEqual({
      code: 404,
      reason: "NotFound",
      message: 'deployments.apps "none" not found',
    });
    const headers = { authorization: "Bearer admin-token" };
    const unknown = await fetch(`${cluster.url}/apis/apps/v1/jobs`, { headers });
    expect(await unknown.json()).toMatchObject({
      code: 404,
      message: "the server could not find the requested resource",
    });
    const posted = await fetch(`${cluster.url}/apis/apps/v1/deployments`, { method: "POST", headers });
    expect(await posted.json()).toMatchObject({ code: 405, reason: "MethodNotAllowed" });
  });

  test("an overload is a 429 with Retry-After, in plain text", async () => {
    cluster.throttle(1, 3);
    const headers = { authorization: "Bearer admin-token" };
    const refused = await fetch(`${cluster.url}/api/v1/pods`, { headers });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "3"]);
    expect(await refused.text()).toBe("Too many requests, please try again later.\n");
    expect((await fetch(`${cluster.url}/api/v1/pods`, { headers })).status).toBe(200);
  });
});

describe("writing", () => {
  test("a Deployment gets its defaults, a uid and generation 1", async () => {
    const made = await apps().createNamespacedDeployment({ namespace, body: deployment("web") });
    expect(made.metadata).toMatchObject({ generation: 1, namespace });
    expect(made.metadata?.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(made.spec).toMatchObject({
      replicas: 1,
      progressDeadlineSeconds: 600,
      revisionHistoryLimit: 10,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } },
    });
    const again = apps().createNamespacedDeployment({ namespace, body: deployment("web") });
    expect(await refusal(again)).toMatchObject({ code: 409, reason: "AlreadyExists" });
  });

  test("what breaks a rule is Invalid and says which field", async () => {
    const body = deployment("web");
    body.spec.selector.matchLabels.app = "other";
    expect(await refusal(apps().createNamespacedDeployment({ namespace, body }))).toMatchObject({
      code: 422,
      reason: "Invalid",
      message: expect.stringContaining("`selector` does not match template `labels`"),
    });
    const nameless = { ...deployment("web"), metadata: { name: "Web_1" } };
    const call = apps().createNamespacedDeployment({ namespace, body: nameless });
    expect((await refusal(call)).message).toContain('Deployment.apps "Web_1" is invalid: metadata.name: Invalid value');
    const elsewhere = apps().createNamespacedDeployment({ namespace: "nowhere", body: deployment("web") });
    expect((await refusal(elsewhere)).message).toBe('namespaces "nowhere" not found');
  });

  test("an update of an old version is a Conflict", async () => {
    const made = await apps().createNamespacedDeployment({ namespace, body: deployment("web") });
    await apps().patchNamespacedDeployment(
      { namespace, name: "web", body: { metadata: { labels: { touched: "yes" } } } },
      setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
    );
    expect(await refusal(apps().replaceNamespacedDeployment({ namespace, name: "web", body: made }))).toEqual({
      code: 409,
      reason: "Conflict",
      message:
        'Operation cannot be fulfilled on deployments.apps "web": the object has been modified; please apply your changes to the latest version and try again',
    });
  });

  test("a strategic merge patch changes one container by name and keeps the others", async () => {
    const body = deployment("web");
    body.spec.template.spec.containers.push({ name: "sidecar", image: "registry.example/sidecar:1" });
    await apps().createNamespacedDeployment({ namespace, body });
    const patch = { spec: { template: { spec: { containers: [{ name: "web", image: "registry.example/web:2" }] } } } };
    const patched = await apps().patchNamespacedDeployment(
      { namespace, name: "web", body: patch },
      setHeaderOptions("Content-Type", PatchStrategy.StrategicMergePatch),
    );
    const containers = patched.spec?.template.spec?.containers.map(({ name, image }) => `${name} ${image}`);
    expect(containers).toEqual(["web registry.example/web:2", "sidecar registry.example/sidecar:1"]);
    expect(patched.metadata?.generation).toBe(2);
  });

  test("a JSON patch with a failing test changes nothing", async () => {
    await apps().createNamespacedDeployment({ namespace, body: deployment("web") });
    const patch = [
      { op: "test", path: "/spec/replicas", value: 5 },
      { op: "replace", path: "/spec/replicas", value: 6 },
    ];
    const options = setHeaderOptions("Content-Type", PatchStrategy.JsonPatch);
    const refused = apps().patchNamespacedDeployment({ namespace, name: "web", body: patch }, options);
    expect(await refusal(refused)).toMatchObject({ code: 422 });
    const taken = [{ op: "replace", path: "/spec/replicas", value: 0 }];
    const scaled = await apps().patchNamespacedDeployment({ namespace, name: "web", body: taken }, options);
    expect(scaled.spec?.replicas).toBe(0);
  });

  test("a lease has one holder: an update must name the newest version", async () => {
    const leases = admin().makeApiClient(CoordinationV1Api);
    const lease = (holderIdentity: string) => ({
      holderIdentity,
      leaseDurationSeconds: 15,
      renewTime: new V1MicroTime(),
    });
    const body = { metadata: { name: "leader" }, spec: lease("one") };
    const made = await leases.createNamespacedLease({ namespace, body });
    await leases.replaceNamespacedLease({ namespace, name: "leader", body: { ...made, spec: lease("one") } });
    const late = leases.replaceNamespacedLease({ namespace, name: "leader", body: { ...made, spec: lease("two") } });
    expect(await refusal(late)).toMatchObject({ code: 409, reason: "Conflict" });
    const blind = leases.replaceNamespacedLease({ namespace, name: "leader", body });
    expect((await refusal(blind)).message).toContain("metadata.resourceVersion: Invalid value: 0x0");
    const held = await leases.readNamespacedLease({ namespace, name: "leader" });
    expect(held.spec?.holderIdentity).toBe("one");
  });

  test("a namespace goes with everything in it", async () => {
    await apps().createNamespacedDeployment({ namespace, body: deployment("web") });
    const gone = await core().deleteNamespace({ name: namespace });
    expect(gone.status).toMatchObject({ phase: "Terminating" });
    await vi.waitFor(() => expect(cluster.snapshot().namespaces).not.toContain(namespace), 5000);
    expect(cluster.snapshot().workloads.filter((one) => one.namespace === namespace)).toEqual([]);
  });
});

describe("watching", () => {
  const path = () => `/apis/apps/v1/namespaces/${namespace}/deployments`;

  test("a watch tells what happened after its version, and nothing from before", async () => {
    await apps().createNamespacedDeployment({ namespace, body: deployment("before") });
    const { metadata } = await apps().listNamespacedDeployment({ namespace });
    await apps().createNamespacedDeployment({ namespace, body: deployment("between") });
    const query = { resourceVersion: metadata?.resourceVersion, fieldSelector: "metadata.name!=before" };
    const { seen, stop } = await watch(path(), query);
    await apps().createNamespacedDeployment({ namespace, body: deployment("after") });
    await vi.waitFor(() => expect(names(seen)).toEqual(expect.arrayContaining(["ADDED between", "ADDED after"])), 5000);
    expect(names(seen)).not.toContain("ADDED before");
    stop();
  });

  test("an object that leaves a watch's selector is deleted from it", async () => {
    await apps().createNamespacedDeployment({ namespace, body: deployment("web", undefined, { tier: "front" }) });
    const { seen, stop } = await watch(path(), { labelSelector: "tier=front" });
    await vi.waitFor(() => expect(names(seen)).toContain("ADDED web"), 5000);
    await apps().patchNamespacedDeployment(
      { namespace, name: "web", body: { metadata: { labels: { tier: null } } } },
      setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
    );
    await vi.waitFor(() => expect(names(seen).at(-1)).toBe("DELETED web"), 5000);
    stop();
  });

  test("a watch ends after its timeoutSeconds, with a bookmark where they are allowed", async () => {
    const { seen, ended } = await watch(path(), { timeoutSeconds: 1, allowWatchBookmarks: true });
    await vi.waitFor(() => expect(ended.done).toBe(true), 5000);
    expect(seen.at(-1)?.type).toBe("BOOKMARK");
    expect(seen.at(-1)?.object.metadata).toHaveProperty("resourceVersion");
  });

  test("a version older than the history is Expired: in an ERROR event, or as a 410", async () => {
    const { metadata } = await apps().listNamespacedDeployment({ namespace });
    await apps().createNamespacedDeployment({ namespace, body: deployment("web") });
    const query = { resourceVersion: metadata?.resourceVersion };
    cluster.expire();
    const told = await watch(path(), query);
    await vi.waitFor(() => expect(told.ended.done).toBe(true), 5000);
    expect(told.seen).toMatchObject([{ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } }]);
    cluster.expire("http");
    const refused = await watch(path(), query);
    await vi.waitFor(() => expect(refused.ended).toMatchObject({ done: true, error: { statusCode: 410 } }), 5000);
    cluster.expire();
  });

  test("watches can be lost: ended, cut, failed, or left hanging in silence", async () => {
    const open = async () => {
      const before = cluster.watches();
      const opened = await watch(path(), {});
      await vi.waitFor(() => expect(cluster.watches()).toBe(before + 1), 5000);
      return opened;
    };
    const done = (one: Awaited<ReturnType<typeof open>>) => vi.waitFor(() => expect(one.ended.done).toBe(true), 5000);
    const ended = await open();
    cluster.dropWatches();
    await done(ended);
    const cut = await open();
    cluster.dropWatches("cut");
    await done(cut);
    expect(cut.ended.error).toBeInstanceOf(Error);
    const failed = await open();
    cluster.dropWatches("error");
    await done(failed);
    expect(failed.seen.at(-1)).toMatchObject({ type: "ERROR", object: { code: 500 } });
    const hanging = await open();
    cluster.dropWatches("hang");
    await apps().createNamespacedDeployment({ namespace, body: deployment("unseen") });
    const other = await open();
    await vi.waitFor(() => expect(names(other.seen)).toContain("ADDED unseen"), 5000);
    expect([hanging.ended.done, names(hanging.seen)]).toEqual([false, []]);
    hanging.stop();
    other.stop();
  });
});
