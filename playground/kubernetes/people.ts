// What people do to a cluster: make namespaces and workloads, give them another image, size or pause. Everything goes
// through the same admission as a request would.

import { readAsk } from "./api/request.ts";
import { createObject } from "./api/write.ts";
import { type Clock, timestamp } from "./clock.ts";
import { isComplete } from "./controllers/deployment-status.ts";
import type { Plural } from "./objects/resources.ts";
import type { Store } from "./store.ts";

export type WorkloadKind = "Deployment" | "StatefulSet" | "DaemonSet";

export type WorkloadName = {
  readonly namespace: string;
  readonly name: string;
  /** Default: Deployment. */
  readonly kind?: WorkloadKind;
};

export type NewWorkload = WorkloadName & {
  readonly image: string;
  /** Default 1. A DaemonSet has as many as there are nodes. */
  readonly replicas?: number;
  /** The container's name; default: the workload's. */
  readonly container?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly templateAnnotations?: Readonly<Record<string, string>>;
  readonly strategy?: "RollingUpdate" | "Recreate";
  /** Cluster seconds: divided by the cluster's speed. */
  readonly progressDeadlineSeconds?: number;
  /** Cluster seconds. */
  readonly minReadySeconds?: number;
};

const plurals = { Deployment: "deployments", StatefulSet: "statefulsets", DaemonSet: "daemonsets" } as const;

export type People = ReturnType<typeof createPeople>;

export function createPeople(store: Store, clock: Clock) {
  function create(path: string, body: object): void {
    const ask = readAsk("POST", new URL(path, "http://cluster.local"));
    if (ask === undefined) throw new Error(`no resource at ${path}`);
    createObject(store, ask, body);
  }

  function change(at: WorkloadName, edit: (draft: Editable) => void): void {
    const plural: Plural = plurals[at.kind ?? "Deployment"];
    const found = store.update(plural, { metadata: at }, (draft) => edit(draft as Editable));
    if (found === undefined) throw new Error(`there is no ${plural} ${at.namespace}/${at.name}`);
  }

  /** Resolves once every replica is of the newest template and available. Rejects after `timeoutMs`. */
  function healthy(at: WorkloadName, timeoutMs = 30_000): Promise<void> {
    if (isHealthy(store, at)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        unsubscribe();
        cancel();
        settle();
      };
      const unsubscribe = store.subscribe(() => {
        if (isHealthy(store, at)) finish(resolve);
      });
      const cancel = clock.afterWall(timeoutMs, () => {
        finish(() => reject(new Error(`${at.namespace}/${at.name} is not healthy after ${timeoutMs} ms`)));
      });
    });
  }

  return {
    /** Nothing happens where it is there. */
    createNamespace(name: string): void {
      if (store.get("namespaces", "", name) === undefined) create("/api/v1/namespaces", { metadata: { name } });
    },
    /** Creates a workload of one container with a readiness probe. Throws where the name is taken. */
    createWorkload(wanted: NewWorkload): void {
      const plural = plurals[wanted.kind ?? "Deployment"];
      create(`/apis/apps/v1/namespaces/${wanted.namespace}/${plural}`, manifest(wanted));
    },
    healthy,
    /** Sets the image of the named container, else of the first. */
    setImage(at: WorkloadName & { readonly image: string; readonly container?: string }): void {
      change(at, ({ spec: { template } }) => {
        const { containers } = template.spec;
        const found = at.container === undefined ? containers[0] : containers.find(({ name }) => name === at.container);
        if (found === undefined) throw new Error(`${at.name} has no container ${at.container ?? ""}`);
        found.image = at.image;
      });
    },
    annotate(at: WorkloadName, annotations: Readonly<Record<string, string>>): void {
      change(at, ({ metadata }) => {
        metadata.annotations = { ...metadata.annotations, ...annotations };
      });
    },
    scale(at: WorkloadName, replicas: number): void {
      change(at, ({ spec }) => {
        spec.replicas = replicas;
      });
    },
    pause(at: WorkloadName): void {
      change(at, ({ spec }) => {
        spec.paused = true;
      });
    },
    resume(at: WorkloadName): void {
      change(at, ({ spec }) => {
        delete spec.paused;
      });
    },
    /** As `kubectl rollout restart`: new pods of the same image. */
    restart(at: WorkloadName): void {
      change(at, ({ spec: { template } }) => {
        const at = `${timestamp(clock.now())} ${store.version()}`;
        template.metadata.annotations = { ...template.metadata.annotations, "kubectl.kubernetes.io/restartedAt": at };
      });
    },
  };
}

type Editable = {
  metadata: { annotations?: Record<string, string> };
  spec: {
    replicas?: number;
    paused?: boolean;
    template: {
      metadata: { annotations?: Record<string, string> };
      spec: { containers: { name: string; image: string }[] };
    };
  };
};

function manifest(wanted: NewWorkload): object {
  const { name, kind = "Deployment", replicas = 1, container = name, image } = wanted;
  const labels = { app: name, ...wanted.labels };
  const probe = { httpGet: { path: "/healthz", port: 8080, scheme: "HTTP" }, periodSeconds: 10, failureThreshold: 3 };
  const template = {
    metadata: { labels, annotations: wanted.templateAnnotations },
    spec: { containers: [{ name: container, image, ports: [{ containerPort: 8080 }], readinessProbe: probe }] },
  };
  return {
    metadata: { name, labels, annotations: wanted.annotations },
    spec: {
      ...(kind === "DaemonSet" ? {} : { replicas }),
      ...(kind === "StatefulSet" ? { serviceName: name } : {}),
      ...(wanted.strategy === undefined ? {} : { strategy: { type: wanted.strategy } }),
      ...(wanted.progressDeadlineSeconds === undefined
        ? {}
        : { progressDeadlineSeconds: wanted.progressDeadlineSeconds }),
      ...(wanted.minReadySeconds === undefined ? {} : { minReadySeconds: wanted.minReadySeconds }),
      selector: { matchLabels: { app: name } },
      template,
    },
  };
}

function isHealthy(store: Store, { namespace, name, kind = "Deployment" }: WorkloadName): boolean {
  if (kind === "Deployment") {
    const found = store.get("deployments", namespace, name);
    return found !== undefined && isComplete(found, found.status);
  }
  if (kind === "StatefulSet") {
    const found = store.get("statefulsets", namespace, name);
    if (found === undefined || found.status.observedGeneration !== found.metadata.generation) return false;
    const { updatedReplicas = 0, availableReplicas, replicas } = found.status;
    return [updatedReplicas, availableReplicas, replicas].every((count) => count === found.spec.replicas);
  }
  const found = store.get("daemonsets", namespace, name);
  if (found === undefined || found.status.observedGeneration !== found.metadata.generation) return false;
  const { desiredNumberScheduled, updatedNumberScheduled = 0, numberAvailable = 0 } = found.status;
  return updatedNumberScheduled === desiredNumberScheduled && numberAvailable === desiredNumberScheduled;
}
