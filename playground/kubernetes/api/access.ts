// Who may do what: bearer tokens with RBAC rules, and the two reviews by which a client asks about its own rights.

import { z } from "zod";
import { badRequest, forbidden, unauthorized } from "../status.ts";
import type { Ask } from "./request.ts";

export type Rule = {
  /** `""` is the core group, `"*"` all. */
  readonly apiGroups: readonly string[];
  /** Plural names, with subresources as `pods/log`; `"*"` is everything, `"*" + "/scale"` that subresource of all. */
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
  /** Bound in these namespaces only. Absent: bound in the whole cluster. */
  readonly namespaces?: readonly string[];
};

export type Access = { readonly user: string; readonly rules: readonly Rule[] };

/** May do everything, as `cluster-admin`. */
export const clusterAdmin: readonly Rule[] = [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }];

type Attributes = {
  readonly verb: string;
  readonly group: string;
  readonly plural: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
};

export type Credentials = {
  readonly tokens: ReadonlyMap<string, Access>;
  /** What is bound to `system:anonymous`: nothing, unless someone opened the cluster. */
  anonymous(): readonly Rule[];
};

const anonymousUser = "system:anonymous";

/** No token is the anonymous user, who may do next to nothing; a token that is not known throws a 401. */
export function authenticate(authorization: string | undefined, { tokens, anonymous }: Credentials): Access {
  if (authorization === undefined) return { user: anonymousUser, rules: anonymous() };
  const token = /^Bearer\s+(\S+)$/i.exec(authorization)?.[1];
  const access = token === undefined ? undefined : tokens.get(token);
  if (access === undefined) throw unauthorized();
  return access;
}

/** Discovery and self reviews are for everyone who is known, and for those to whom anything was granted. */
export function isStranger({ user, rules }: Access): boolean {
  return user === anonymousUser && rules.length === 0;
}

function allows(access: Access, want: Attributes): boolean {
  const resource = want.subresource === "" ? want.plural : `${want.plural}/${want.subresource}`;
  return access.rules.some(
    (rule) =>
      includes(rule.verbs, want.verb) &&
      includes(rule.apiGroups, want.group) &&
      (includes(rule.resources, resource) ||
        (want.subresource !== "" && rule.resources.includes(`*/${want.subresource}`))) &&
      (rule.resourceNames === undefined || rule.resourceNames.includes(want.name)) &&
      (rule.namespaces === undefined || rule.namespaces.includes(want.namespace)),
  );
}

/** Throws the 403 that names the user, the verb, the resource and where. */
export function authorize(access: Access, ask: Ask): void {
  const { resource, subresource, namespace, verb } = ask;
  const want = { verb, group: resource.group, plural: resource.plural, subresource: subresource ?? "", namespace };
  // A POST carries its name in the body, which the authorizer never sees.
  const name = verb === "create" ? "" : ask.name;
  if (allows(access, { ...want, name })) return;
  const told = subresource === undefined ? resource.plural : `${resource.plural}/${subresource}`;
  const where = namespace === "" ? "at the cluster scope" : `in the namespace "${namespace}"`;
  const what = `cannot ${verb} resource "${told}" in API group "${resource.group}" ${where}`;
  throw forbidden(resource, name, `User "${access.user}" ${what}`);
}

const accessReviewSchema = z.looseObject({
  spec: z.looseObject({
    resourceAttributes: z
      .looseObject({
        namespace: z.string().default(""),
        verb: z.string().default(""),
        group: z.string().default(""),
        resource: z.string().default(""),
        subresource: z.string().default(""),
        name: z.string().default(""),
      })
      .optional(),
    nonResourceAttributes: z.looseObject({ path: z.string().default(""), verb: z.string().default("") }).optional(),
  }),
});

/** `POST …/selfsubjectaccessreviews`: the object that was sent, with `status.allowed`. */
export function reviewAccess(access: Access, body: unknown): object {
  const read = accessReviewSchema.safeParse(body);
  if (!read.success) throw badRequest(`SelfSubjectAccessReview: ${z.prettifyError(read.error)}`);
  const { resourceAttributes: wanted, nonResourceAttributes: path } = read.data.spec;
  const allowed =
    wanted === undefined
      ? path !== undefined && openPaths.some((open) => path.path === open || path.path.startsWith(`${open}/`))
      : allows(access, { ...wanted, plural: wanted.resource }) || isOwnReview(wanted.group, wanted.resource);
  return {
    ...read.data,
    kind: "SelfSubjectAccessReview",
    apiVersion: "authorization.k8s.io/v1",
    metadata: {},
    status: allowed ? { allowed, reason: `RBAC: allowed for user "${access.user}"` } : { allowed },
  };
}

const rulesReviewSchema = z.looseObject({ spec: z.looseObject({ namespace: z.string().min(1) }) });

/** `POST …/selfsubjectrulesreviews`: what may be done in `spec.namespace`. */
export function reviewRules(access: Access, body: unknown): object {
  const read = rulesReviewSchema.safeParse(body);
  if (!read.success) throw badRequest("no namespace on request");
  const { namespace } = read.data.spec;
  const own = access.rules.filter((rule) => rule.namespaces === undefined || rule.namespaces.includes(namespace));
  return {
    ...read.data,
    kind: "SelfSubjectRulesReview",
    apiVersion: "authorization.k8s.io/v1",
    metadata: {},
    status: {
      resourceRules: [
        {
          verbs: ["create"],
          apiGroups: ["authorization.k8s.io"],
          resources: ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
        },
        ...own.map(({ verbs, apiGroups, resources, resourceNames }) => ({
          verbs,
          apiGroups,
          resources,
          ...(resourceNames === undefined ? {} : { resourceNames }),
        })),
      ],
      nonResourceRules: [{ verbs: ["get"], nonResourceURLs: openPaths.flatMap((path) => [path, `${path}/*`]) }],
      incomplete: false,
    },
  };
}

const openPaths = ["/api", "/apis", "/healthz", "/livez", "/readyz", "/openapi", "/version"];

function isOwnReview(group: string, plural: string): boolean {
  return group === "authorization.k8s.io" && plural.startsWith("selfsubject");
}

function includes(list: readonly string[], value: string): boolean {
  return list.includes("*") || list.includes(value);
}
