// From a request's body to an object that may be stored: defaults filled in, and refused in the API's own words where
// a rule is broken. A wrong JSON type is a 400 of the decoder, a broken rule a 422 of the validation.

import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { selects } from "../api/selectors.ts";
import { badRequest, type Cause, invalid } from "../status.ts";
import { type KubeObject, selectorSchema } from "./meta.ts";
import { type Resource, storedVersion } from "./resources.ts";

/** Throws a Status error. The namespace of the answer is the one given, whatever the body left out. */
export function parseObject(resource: Resource, body: unknown, namespace: string): KubeObject {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw badRequest("the object provided is unrecognized (must be of type Object)");
  }
  const given = withoutNulls(body) as Record<string, unknown>;
  const { kind = resource.kind, apiVersion = storedVersion(resource) } = given;
  if (kind !== resource.kind || apiVersion !== storedVersion(resource)) {
    throw badRequest(
      `${String(kind)} in version "${String(apiVersion).split("/").at(-1)}" cannot be handled as a ${resource.kind}: ` +
        `no kind "${String(kind)}" is registered for version "${String(apiVersion)}" in scheme "k8s.io/client-go/kubernetes/scheme"`,
    );
  }
  const read = resource.schema.safeParse(given);
  if (!read.success) throw refusal(resource, given, read.error);
  const object = read.data as KubeObject;
  if (!resource.namespaced) delete object.metadata.namespace;
  else object.metadata.namespace = agreeingNamespace(object, namespace);
  return object;
}

function agreeingNamespace(object: KubeObject, namespace: string): string {
  const own = object.metadata.namespace ?? "";
  if (own !== "" && own !== namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  return namespace;
}

/** Rules that no single field shows. `previous` is the stored object where this is an update. */
export function validate(resource: Resource, object: KubeObject, previous: KubeObject | undefined): void {
  const causes = [...nameCauses(object), ...workloadCauses(object, previous)];
  if (causes.length > 0) throw invalid(resource, object.metadata.name, causes);
}

const dns1123 = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

function nameCauses(object: KubeObject): Cause[] {
  const { name } = object.metadata;
  if (name === "") return [cause("metadata.name", "Required value: name or generateName is required")];
  if (dns1123.test(name) && name.length <= 253) return [];
  const rule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start " +
    "and end with an alphanumeric character";
  return [cause("metadata.name", `Invalid value: "${name}": ${rule}`)];
}

const workloadSchema = z.object({
  selector: selectorSchema,
  template: z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()).optional() }) }),
});

function workloadCauses(object: KubeObject, previous: KubeObject | undefined): Cause[] {
  const read = workloadSchema.safeParse(object["spec"]);
  if (!read.success) return [];
  const { selector, template } = read.data;
  const labels = template.metadata.labels ?? {};
  const causes: Cause[] = [];
  if (!selects(selector, labels)) {
    const shown = JSON.stringify(labels);
    causes.push(
      cause(
        "spec.template.metadata.labels",
        `Invalid value: ${shown}: \`selector\` does not match template \`labels\``,
      ),
    );
  }
  const before = workloadSchema.safeParse(previous?.["spec"]);
  if (before.success && !isDeepStrictEqual(before.data.selector, selector)) {
    causes.push(cause("spec.selector", `Invalid value: ${JSON.stringify(selector)}: field is immutable`));
  }
  return causes;
}

function cause(field: string, message: string): Cause {
  return { reason: message.startsWith("Required") ? "FieldValueRequired" : "FieldValueInvalid", message, field };
}

function refusal(resource: Resource, given: Record<string, unknown>, error: z.ZodError): Error {
  const causes: Cause[] = [];
  for (const issue of error.issues) {
    const path = fieldName(issue.path);
    const value = valueAt(given, issue.path);
    if (value === undefined) causes.push(cause(path, "Required value"));
    else if (issue.code === "invalid_type") {
      const dotted = issue.path.filter((step) => typeof step === "string").join(".");
      return badRequest(
        `${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: json: cannot ` +
          `unmarshal ${goType(value)} into Go struct field ${resource.kind}.${dotted} of type ${issue.expected}`,
      );
    } else causes.push(cause(path, `Invalid value: ${JSON.stringify(value)}: ${issue.message}`));
  }
  const metadata = given["metadata"];
  const name = typeof metadata === "object" && metadata !== null && "name" in metadata ? String(metadata.name) : "";
  return invalid(resource, name, causes);
}

function fieldName(path: readonly PropertyKey[]): string {
  return path
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`))
    .join("")
    .slice(1);
}

function valueAt(from: unknown, path: readonly PropertyKey[]): unknown {
  let at = from;
  for (const step of path)
    at = typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[step] : undefined;
  return at;
}

function goType(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}

/** The Go decoder takes null for absent. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(kept.map(([key, field]) => [key, withoutNulls(field)]));
}
