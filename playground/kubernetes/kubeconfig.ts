// A kubeconfig for one token, as kubectl and the client libraries load it. The JavaScript client refuses plain HTTP
// unless TLS verification is waived.

import { stringify } from "yaml";

export function kubeconfigFor(url: string, token: string, namespace: string): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "playground", cluster: { server: url, "insecure-skip-tls-verify": true } }],
    users: [{ name: "playground", user: { token } }],
    contexts: [{ name: "playground", context: { cluster: "playground", user: "playground", namespace } }],
    "current-context": "playground",
  });
}
