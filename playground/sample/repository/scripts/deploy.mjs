// Tells Kubernetes to run the image of this commit. It does not wait for the rollout: whoever deploys watches it.

const { KUBE_API, KUBE_TOKEN, KUBE_NAMESPACE, KUBE_DEPLOYMENT, GITHUB_REPOSITORY, GITHUB_SHA } = process.env;

const missing = Object.entries({ KUBE_API, KUBE_TOKEN, KUBE_NAMESPACE, KUBE_DEPLOYMENT, GITHUB_REPOSITORY, GITHUB_SHA })
  .filter(([, value]) => !value)
  .map(([name]) => name);
if (missing.length > 0) {
  console.error(`cannot deploy: ${missing.join(", ")} not set`);
  process.exit(1);
}

const image = `registry.example/${GITHUB_REPOSITORY}:${GITHUB_SHA}`;
const patch = { spec: { template: { spec: { containers: [{ name: "app", image }] } } } };

const response = await fetch(`${KUBE_API}/apis/apps/v1/namespaces/${KUBE_NAMESPACE}/deployments/${KUBE_DEPLOYMENT}`, {
  method: "PATCH",
  headers: {
    authorization: `Bearer ${KUBE_TOKEN}`,
    "content-type": "application/strategic-merge-patch+json",
    accept: "application/json",
  },
  body: JSON.stringify(patch),
});
if (!response.ok) {
  console.error(`cannot deploy: Kubernetes answered ${response.status}: ${await response.text()}`);
  process.exit(1);
}
console.log(`deployment ${KUBE_NAMESPACE}/${KUBE_DEPLOYMENT} set to ${image}`);
