import {
  ApiException,
  AppsV1Api,
  AuthorizationV1Api,
  CoordinationV1Api,
  CoreV1Api,
  createConfiguration,
  KubeConfig,
  ServerConfiguration,
  VersionApi,
} from "@kubernetes/client-node";
import { AfkError, messageOf } from "../errors.ts";

export type ClusterClients = {
  /** The API server's URL. */
  readonly server: string;
  /** The namespace that the credentials are of: the pod's own, or the kubeconfig's. */
  readonly namespace: string;
  readonly config: KubeConfig;
  readonly apps: AppsV1Api;
  readonly core: CoreV1Api;
  readonly version: VersionApi;
  readonly authorization: AuthorizationV1Api;
  readonly coordination: CoordinationV1Api;
};

/** client-node has no time limit of its own: a call that meets a dead API server would never end. */
const CALL_TIMEOUT_MS = 10_000;

/** From a kubeconfig file, or from the pod's own service account. Throws `config` where neither can be loaded. */
export function createClusterClients(kubeconfig: string | undefined, callMs = CALL_TIMEOUT_MS): ClusterClients {
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromCluster();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    const source = kubeconfig ?? "the pod's service account";
    throw new AfkError("config", `kubernetes: cannot load ${source}: ${messageOf(error)}`, error);
  }
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) throw new AfkError("config", "kubernetes: the kubeconfig names no current cluster.");
  const configuration = createConfiguration({
    baseServer: new ServerConfiguration(server, {}),
    authMethods: { default: config },
    promiseMiddleware: [
      {
        async pre(request) {
          request.setSignal(AbortSignal.timeout(callMs));
          return request;
        },
        post: async (response) => response,
      },
    ],
  });
  return {
    server,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? "default",
    config,
    apps: new AppsV1Api(configuration),
    core: new CoreV1Api(configuration),
    version: new VersionApi(configuration),
    authorization: new AuthorizationV1Api(configuration),
    coordination: new CoordinationV1Api(configuration),
  };
}

/** The API server's answer; undefined where there was none. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof ApiException ? error.code : undefined;
}

/** What went wrong, in a line. The API says why in the answer's body; client-node's own message is all of that answer. */
export function apiText(error: unknown): string {
  if (!(error instanceof ApiException)) return messageOf(error);
  const says = reasonIn(error.body);
  return `the API server answers ${error.code}${says === "" ? "" : `: ${says.replaceAll(/\s+/g, " ").slice(0, 300)}`}`;
}

function reasonIn(body: unknown): string {
  if (typeof body === "object" && body !== null) return "message" in body ? String(body.message) : "";
  if (typeof body !== "string") return "";
  try {
    return reasonIn(JSON.parse(body) as object);
  } catch {
    return body;
  }
}
