// The chart through the real Helm, and its output through the Kubernetes API's own rules.

import { execFile, execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { listen } from "../../playground/listener.ts";
import { configSchema } from "../../src/config/schema.ts";
import { problemsOf } from "./api-schema.ts";
import { CHART, helm, helmRuns, type Manifest, one, template, values } from "./helm.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const cases = readdirSync(join(CHART, "ci")).map((file) => file.replace(/-values\.yaml$/, ""));

describe.skipIf(!helmRuns)(helmRuns ? "the chart" : "the chart (skipped: Helm comes for Linux on x64 only)", () => {
  test("passes the strictest lint, as it is and with each of the value files", async () => {
    const files = ["", ...cases].map((name) => helm("lint", "--strict", CHART, ...(name === "" ? [] : values(name))));
    for (const report of await Promise.all(files)) expect(report).toContain("1 chart(s) linted, 0 chart(s) failed");
  });

  test.each(cases)("%s: the Kubernetes API takes every object, with no field that it does not know", async (name) => {
    const manifests = await template(...values(name));
    expect(manifests.length).toBeGreaterThan(8);
    for (const manifest of manifests) {
      expect(await problemsOf(manifest), `${manifest.kind} ${manifest.metadata.name}`).toEqual([]);
    }
  });

  test.each(cases)("%s: the config that it mounts is one that the bot reads", async (name) => {
    const manifests = await template(...values(name));
    const bot = manifests.find(isBot);
    const { data } = one(manifests, "ConfigMap", bot?.metadata.name ?? "");
    const config = configSchema.parse(parse(data["afk.yaml"]));
    const [container] = bot?.["spec"].template.spec.containers ?? [];
    const mounts = (container?.volumeMounts ?? []).map(({ mountPath }: { mountPath: string }) => mountPath);
    expect(mounts).toEqual(expect.arrayContaining([config.volume, config.state, "/config", "/secrets"]));
    expect(container.ports).toEqual([{ name: "http", containerPort: config.http.port }]);
    expect(container.args).toEqual(["serve", "--config", "/config/afk.yaml"]);
  });

  test("Slack's requests reach the bot where the config wants them, and one bot only", async () => {
    const http = [...values("minimal"), "--set", "config.slack.mode=http"];
    const manifests = await template(...http);
    const bot = manifests.find(isBot);
    const name = bot?.metadata.name ?? "";
    const { slack } = parse(one(manifests, "ConfigMap", name)["data"]["afk.yaml"]);
    expect(slack).toMatchObject({ mode: "http", signingSecret: { file: "/secrets/slack-signing-secret" } });
    expect(slack.appToken).toBeUndefined();
    const port = { name: "slack", containerPort: slack.requests.port };
    expect(bot?.["spec"].template.spec.containers[0].ports).toContainEqual(port);
    expect(one(manifests, "Service", name)["spec"].ports).toContainEqual(
      expect.objectContaining({ name: "slack", targetPort: "slack" }),
    );
    expect(JSON.stringify(one(manifests, "NetworkPolicy", name)["spec"].ingress)).toContain('"port":"slack"');
    for (const manifest of manifests) expect(await problemsOf(manifest), manifest.kind).toEqual([]);
    await expect(template(...http, "--set", "replicaCount=2")).rejects.toThrow(/takes one replica/);
  });

  test.each(cases)("%s: every pod meets the restricted pod security standard, on a read-only root", async (name) => {
    for (const { metadata, spec } of (await template(...values(name))).flatMap(podsOf)) {
      expect(spec.securityContext, metadata.name).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
      });
      expect([spec.hostNetwork, spec.hostPID, spec.hostIPC]).toEqual([undefined, undefined, undefined]);
      for (const { securityContext, resources, image } of spec.containers) {
        expect(securityContext).toMatchObject({ allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } });
        expect(resources.requests, image).toBeDefined();
        expect(image).toMatch(/:[\w.-]+$/);
        if (name !== "everything") expect(securityContext.readOnlyRootFilesystem).toBe(true);
      }
    }
  });

  test("the bot may read the workloads it follows, in their namespaces, and nothing else", async () => {
    const manifests = await template(...values("dedicated-t3"));
    const roles = manifests.filter(({ kind }) => kind === "Role");
    expect(roles.map(({ metadata }) => metadata.namespace)).toEqual(["node-agents", "shop"]);
    for (const { rules } of roles) {
      expect(rules).toEqual([
        {
          apiGroups: ["apps"],
          resources: ["deployments", "statefulsets", "daemonsets", "replicasets"],
          verbs: ["get", "list", "watch"],
        },
        { apiGroups: [""], resources: ["pods", "events"], verbs: ["get", "list", "watch"] },
        { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
      ]);
    }
    expect(manifests.filter(({ kind }) => kind.startsWith("Cluster"))).toEqual([]);
    const bound = manifests.filter(({ kind }) => kind === "RoleBinding").flatMap(({ subjects }) => subjects);
    expect(new Set(bound.map(({ name, namespace }) => `${namespace}/${name}`))).toEqual(new Set(["afk/afk"]));
  });

  test("agents have no rights in the cluster, and reach no private address", async () => {
    const manifests = await template(...values("dedicated-t3"));
    const { spec } = one(manifests, "Deployment", "afk-t3")["spec"].template;
    expect(spec.automountServiceAccountToken).toBe(false);
    expect(JSON.stringify(spec.volumes)).not.toContain("serviceAccountToken");
    const { egress } = one(manifests, "NetworkPolicy", "afk-t3")["spec"];
    const open = egress.flatMap(({ to = [] }) => to).map(({ ipBlock }: { ipBlock: unknown }) => ipBlock);
    expect(open).toHaveLength(2);
    expect(open[0].except).toEqual(
      expect.arrayContaining(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"]),
    );
  });

  test("the bot's memory is out of the agents' reach", async () => {
    const manifests = await template(...values("dedicated-t3"));
    const claims = ({ spec }: Manifest): readonly string[] =>
      spec.template.spec.volumes.flatMap((volume: Manifest) => volume["persistentVolumeClaim"]?.claimName ?? []);
    expect(claims(one(manifests, "Deployment", "afk"))).toEqual(["afk-volume", "afk-state"]);
    expect(claims(one(manifests, "Deployment", "afk-t3"))).toEqual(["afk-t3-data", "afk-volume"]);
  });

  test("no secret of the bot's is in the T3 pod, and none of T3's in the bot's", async () => {
    const manifests = await template(...values("dedicated-t3"));
    expect(JSON.stringify(one(manifests, "Deployment", "afk-t3")["spec"])).not.toContain('"secretName":"afk"');
    expect(JSON.stringify(one(manifests, "Deployment", "afk")["spec"])).not.toContain("afk-agents");
    const config = parse(one(manifests, "ConfigMap", "afk")["data"]["afk.yaml"]);
    expect(config.t3.token).toEqual({ file: "/volume/tokens/afk-t3" });
  });

  test("the T3 pod has the caches' environment that the bot's own table says, on the mounted volume", async () => {
    const main = join(ROOT, "src", "main.ts");
    const wanted = execFileSync(process.execPath, [main, "cache-env", "--volume", "/volume", "--json"]);
    const envOf = async (name: string, deployment: string): Promise<Record<string, string>> => {
      const [t3] = one(await template(...values(name)), "Deployment", deployment)["spec"].template.spec.containers;
      return Object.fromEntries(t3.env.map((pair: { name: string; value: string }) => [pair.name, pair.value]));
    };
    expect(await envOf("dedicated-t3", "afk-t3")).toMatchObject(JSON.parse(wanted.toString()));
    const longest = "a-name-that-is-just-as-long-as-a-name-here-may-be-t3";
    expect((await envOf("everything", longest))["npm_config_cache"]).toBe("/data/afk/caches/npm");
  });

  test("T3 is one pod at a time, of a pinned version that no updater touches and the bot insists on", async () => {
    const manifests = await template(...values("dedicated-t3"));
    const t3 = one(manifests, "Deployment", "afk-t3");
    expect(t3["spec"].strategy).toEqual({ type: "Recreate" });
    expect(t3.metadata.annotations).toMatchObject({ "keel.sh/policy": "never" });
    const config = parse(one(manifests, "ConfigMap", "afk")["data"]["afk.yaml"]);
    expect(config.t3).toMatchObject({
      version: "0.0.28",
      url: "http://afk-t3:3773",
      publicUrl: "https://t3.example.com",
    });
  });

  test("several replicas elect one that acts, and one of them stays during a drain", async () => {
    const name = "a-name-that-is-just-as-long-as-a-name-here-may-be";
    const manifests = await template(...values("minimal"), "--set", `replicaCount=2,fullnameOverride=${name}`);
    const config = parse(one(manifests, "ConfigMap", name)["data"]["afk.yaml"]);
    expect(config.leaderElection).toEqual({ enabled: true, lease: name, namespace: "afk" });
    expect(one(manifests, "Role", `${name}-lease`)["rules"]).toEqual([
      { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["create"] },
      { apiGroups: ["coordination.k8s.io"], resources: ["leases"], resourceNames: [name], verbs: ["get", "update"] },
    ]);
    expect(one(manifests, "PodDisruptionBudget", name)["spec"].minAvailable).toBe(1);
    expect(one(manifests, "PersistentVolumeClaim", `${name}-state`)["spec"].accessModes).toEqual(["ReadWriteMany"]);
    const alone = await template(...values("minimal"));
    expect(one(alone, "Deployment", "afk")["spec"].strategy).toEqual({ type: "Recreate" });
    expect(alone.map(({ kind }) => kind)).not.toContain("PodDisruptionBudget");
  });

  test("a changed config restarts the bot only where it cannot be taken while it runs", async () => {
    const podOf = async (...args: readonly string[]): Promise<unknown> =>
      one(await template(...values("minimal"), ...args), "Deployment", "afk")["spec"].template.metadata;
    const now = await podOf();
    expect(await podOf("--set", "config.policy.maxRuns=9")).toEqual(now);
    expect(await podOf("--set", "config.http.port=9090")).not.toEqual(now);
  });

  test("what holds unpushed work, memory and logins is kept when the chart is uninstalled", async () => {
    const claims = (await template(...values("dedicated-t3"))).filter(({ kind }) => kind === "PersistentVolumeClaim");
    expect(claims.map(({ metadata }) => metadata.name).sort()).toEqual(["afk-state", "afk-t3-data", "afk-volume"]);
    for (const { metadata } of claims) expect(metadata.annotations?.["helm.sh/resource-policy"]).toBe("keep");
  });

  test.each([
    ["no repo", { repos: undefined }, {}, "config.repos is empty: name at least one repo"],
    ["no channel", { slack: {} }, {}, "config.slack.channel is missing"],
    ["no secret", {}, { secrets: {} }, "secrets.existingSecret is missing"],
    ["no T3", { t3: {} }, {}, "config.t3.url is missing"],
    ["a T3 of its own without an image", {}, { t3: { enabled: true } }, "t3.image.repository is missing"],
    [
      "replicas that nobody elects",
      { leaderElection: { enabled: false } },
      { replicaCount: 2 },
      "several replicas need",
    ],
    ["a key of the chart that is none", {}, { replicas: 2 }, "additional properties 'replicas' not allowed"],
    ["a key of the config that is none", { polcy: {} }, {}, "additional properties 'polcy' not allowed"],
    ["a config value out of its range", { policy: { poll: "soon" } }, {}, "/config/policy/poll"],
  ])("%s is told before anything is installed", async (_, config, chart, told) => {
    const minimal = parse(readFileSync(join(CHART, "ci", "minimal-values.yaml"), "utf8"));
    const all = { ...minimal, ...chart, config: { ...minimal.config, ...config } };
    const args = Object.entries(all).flatMap(([key, value]) => ["--set-json", `${key}=${JSON.stringify(value)}`]);
    await expect(template(...args)).rejects.toThrow(told);
  });

  test("the dashboard that it brings is the one of this repository", async () => {
    const bot = (await template(...values("everything"))).find(isBot);
    const { data } = one(await template(...values("everything")), "ConfigMap", `${bot?.metadata.name}-dashboard`);
    expect(JSON.parse(data["afk.json"])).toEqual(
      JSON.parse(readFileSync(join(ROOT, "dashboards", "afk.json"), "utf8")),
    );
  });

  test("its notes say what to do next, and warn of secrets in Helm's history", async () => {
    const notes = async (...args: readonly string[]): Promise<string> =>
      (await helm("install", "afk", CHART, "--namespace", "afk", "--dry-run=client", ...args)).split("NOTES:")[1] ?? "";
    const dedicated = await notes(...values("dedicated-t3"));
    expect(dedicated).toContain("exec deploy/afk -- afk check --config /config/afk.yaml");
    expect(dedicated).toContain("It follows workloads in: node-agents, shop.");
    expect(dedicated).not.toContain("history");
    expect(await notes(...values("everything"))).toContain("Make a Secret and name it in secrets.existingSecret.");
  });

  test("`helm test` passes where the bot is ready, and fails where it is not", async () => {
    const [{ command }] = one(await template(...values("minimal")), "Pod", "afk-test")["spec"].containers;
    let status = 503;
    await using server = await listen({
      service: "bot",
      routes: (app) => app.get("/readyz", (_, response) => response.sendStatus(status)),
    });
    const ask = (): Promise<number> =>
      new Promise((resolve) => {
        const [, ...args] = command as readonly string[];
        const env = { URL: `${server.url}/readyz` };
        execFile(process.execPath, args, { env }, (error) => resolve(error === null ? 0 : Number(error.code)));
      });
    expect(await ask()).toBe(1);
    status = 200;
    expect(await ask()).toBe(0);
  });

  test("the check against the API's rules finds a wrong type, a missing field and one that is none", async () => {
    const [bot] = (await template(...values("minimal"))).filter(isBot);
    const broken = async (change: (spec: Manifest["spec"]) => void): Promise<readonly string[]> => {
      const copy = structuredClone(bot) as Manifest;
      change(copy["spec"]);
      return await problemsOf(copy);
    };
    expect(await broken((spec) => Object.assign(spec, { replicas: "two" }))).not.toEqual([]);
    expect(await broken((spec) => delete spec.template.spec.containers[0].name)).not.toEqual([]);
    const typo = await broken((spec) =>
      Object.assign(spec.template.spec.containers[0], { imagePullPolizei: "Always" }),
    );
    expect(typo).toEqual(["unknown field .spec.template.spec.containers[0].imagePullPolizei"]);
  });
});

test("the chart's version of the bot is the bot's", () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
  expect(parse(readFileSync(join(CHART, "Chart.yaml"), "utf8")).appVersion).toBe(version);
});

function isBot({ kind, metadata }: Manifest): boolean {
  return kind === "Deployment" && metadata.labels?.["app.kubernetes.io/component"] === "bot";
}

function podsOf(manifest: Manifest): readonly Manifest[] {
  if (manifest.kind === "Pod") return [manifest];
  return manifest.kind === "Deployment" ? [{ ...manifest, spec: manifest["spec"].template.spec }] : [];
}
