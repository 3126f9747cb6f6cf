// A stand-in for a Kubernetes cluster, as far as a client of its API can see: the API server with optimistic locking,
// watches and RBAC, the workload controllers, and nodes that run pods. Plain HTTP on loopback, bearer tokens.
//
// What becomes of a pod follows from its image (`image()`, `imageBehaviour`) or from `outcome`; see kubelet/behaviour.ts.
// Durations are those of an unhurried real cluster divided by `speed`: at the default of 10 a rollout of two healthy
// replicas takes about a second, a first CrashLoopBackOff shows after half a second, and a progressDeadlineSeconds of
// 10 is over after one second.

import { type Listener, listen } from "../listener.ts";
import type { Access, Rule } from "./api/access.ts";
import { routes } from "./api/routes.ts";
import { createWatches, type WatchLoss } from "./api/watch.ts";
import { createClock } from "./clock.ts";
import { startControllers } from "./controllers/manager.ts";
import { createRecorder } from "./events.ts";
import { kubeconfigFor } from "./kubeconfig.ts";
import { createLookup, type Verdict } from "./kubelet/behaviour.ts";
import { startKubelet } from "./kubelet/kubelet.ts";
import type { Pod } from "./objects/pods.ts";
import { createPeople, type NewWorkload, type People } from "./people.ts";
import { type Snapshot, snapshotOf } from "./snapshot.ts";
import { type Change, createStore } from "./store.ts";

export type { Access, Rule } from "./api/access.ts";
export { clusterAdmin } from "./api/access.ts";
export type { WatchLoss } from "./api/watch.ts";
export type { Behaviour, Verdict } from "./kubelet/behaviour.ts";
export type { Pod } from "./objects/pods.ts";
export type { NewWorkload } from "./people.ts";
export type { Snapshot } from "./snapshot.ts";
export type { Change } from "./store.ts";

export type ClusterOptions = {
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** How many times faster than a real cluster; default 10. */
  readonly speed?: number;
  /** Node names; default two. DaemonSets run on each. */
  readonly nodes?: readonly string[];
  /** Decides for a single pod, before its image does; undefined leaves it to the image. */
  readonly outcome?: (pod: Pod) => Verdict | undefined;
  /** Asked for images that `image()` was not told of. A rejection is a registry that fails: the pull does. */
  readonly imageBehaviour?: (image: string) => Verdict | Promise<Verdict>;
};

export type Cluster = AsyncDisposable &
  Omit<People, "createWorkload"> & {
    readonly listener: Listener;
    /** `http://127.0.0.1:<port>`. */
    readonly url: string;
    /** YAML for kubectl and client libraries. The namespace of its context is `default` unless given. */
    kubeconfig(token: string, namespace?: string): string;
    addToken(token: string, access: Access): void;
    /** Requests with it are answered 401 from now on. Open watches stay, as in a real cluster. */
    removeToken(token: string): void;
    /**
     * Binds rules to `system:anonymous`, as `kubectl proxy` in front of the cluster would. kubectl sends no token over
     * plain HTTP, so it needs this; client libraries that send theirs do not.
     */
    grantAnonymous(rules: readonly Rule[]): void;
    /** Sets what containers of this image do, from their next pull, start or probe on. */
    image(reference: string, behaviour: Verdict): void;
    /** Resolves at once, or with `wait: "healthy"` once the rollout is complete. */
    createDeployment(wanted: Omit<NewWorkload, "kind"> & Waiting): Promise<void>;
    createStatefulSet(wanted: Omit<NewWorkload, "kind"> & Waiting): Promise<void>;
    createDaemonSet(wanted: Omit<NewWorkload, "kind"> & Waiting): Promise<void>;
    /** How many watches are open. */
    watches(): number;
    /** Loses all open watches; default `end`. */
    dropWatches(how?: WatchLoss): number;
    /**
     * Compacts the history: resourceVersions from before are 410 `Expired`. A watch is told so in an ERROR event, as
     * real API servers do, or with `http` as a 410 answer, as some proxies and emulators do.
     */
    expire(how?: "event" | "http"): void;
    /** The next `requests` requests are answered 429 with Retry-After. */
    throttle(requests: number, retryAfterSeconds?: number): void;
    snapshot(): Snapshot;
    /** Called on every write, after it took effect. Returns the way to stop it. */
    onChange(listener: (change: Change) => void): () => void;
    close(): Promise<void>;
  };

export type Waiting = { readonly wait?: "healthy" };

export async function startKubernetes(options: ClusterOptions = {}): Promise<Cluster> {
  const clock = createClock(options.speed ?? 10);
  const store = createStore(clock);
  const record = createRecorder(store, clock);
  const images = new Map<string, Verdict>();
  const tokens = new Map<string, Access>();
  let anonymous: readonly Rule[] = [];
  const nodes = options.nodes ?? ["node-1", "node-2"];
  const { outcome, imageBehaviour } = options;
  const lookup = createLookup({ outcome, images, imageBehaviour });
  const kubelet = startKubelet({ store, clock, record, lookup, nodes });
  const controllers = startControllers({ store, clock, record, nodes });
  let goneAs: "event" | "http" = "event";
  const watches = createWatches(store, clock, () => goneAs);
  const throttled = { requests: 0, seconds: 1 };

  function takeThrottle(): number | undefined {
    if (throttled.requests === 0) return undefined;
    throttled.requests -= 1;
    return throttled.seconds;
  }

  const { logsOf } = kubelet;
  const credentials = { tokens, anonymous: () => anonymous };
  const listener = await listen({
    service: "kubernetes",
    port: options.port ?? 0,
    routes: (app) => routes(app, { store, clock, watches, credentials, takeThrottle, logsOf }),
  });
  const { createWorkload, ...people } = createPeople(store, clock);
  for (const name of ["default", "kube-system"]) people.createNamespace(name);

  async function create(wanted: NewWorkload & Waiting): Promise<void> {
    createWorkload(wanted);
    if (wanted.wait === "healthy") await people.healthy(wanted);
  }

  async function close(): Promise<void> {
    watches.drop("end");
    controllers.close();
    kubelet.close();
    clock.close();
    await listener.close();
  }

  return {
    ...people,
    listener,
    url: listener.url,
    kubeconfig: (token, namespace = "default") => kubeconfigFor(listener.url, token, namespace),
    addToken: (token, access) => void tokens.set(token, access),
    removeToken: (token) => void tokens.delete(token),
    grantAnonymous(rules) {
      anonymous = rules;
    },
    image: (reference, behaviour) => void images.set(reference, behaviour),
    createDeployment: (wanted) => create({ ...wanted, kind: "Deployment" }),
    createStatefulSet: (wanted) => create({ ...wanted, kind: "StatefulSet" }),
    createDaemonSet: (wanted) => create({ ...wanted, kind: "DaemonSet" }),
    watches: watches.count,
    dropWatches: (how = "end") => watches.drop(how),
    expire(how = "event") {
      goneAs = how;
      store.compact();
    },
    throttle(requests, retryAfterSeconds = 1) {
      Object.assign(throttled, { requests, seconds: retryAfterSeconds });
    },
    snapshot: () => snapshotOf(store),
    onChange: store.subscribe,
    close,
    [Symbol.asyncDispose]: close,
  };
}
