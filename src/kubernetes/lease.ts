// The Lease over the Kubernetes API. A write names the version that was read last, so of two writers one gets `conflict`.

import { type CoordinationV1Api, type V1Lease, V1MicroTime } from "@kubernetes/client-node";
import { AfkError, messageOf } from "../errors.ts";
import type { LeaseRecord, Leases } from "../leader/election.ts";
import { statusOf } from "./clients.ts";

export function createLeases(
  api: CoordinationV1Api,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Leases {
  /** As the API gave it last: labels and annotations of others stay as they are. */
  let held: V1Lease | undefined;

  function failure(error: unknown, what: string): AfkError {
    const status = statusOf(error);
    const text = `Kubernetes, ${what} the Lease ${namespace}/${name}`;
    if (status === undefined) return new AfkError("unreachable", `${text}: ${messageOf(error)}`, error);
    const denied = status === 401 || status === 403;
    const hint = denied ? ". The bot's service account has to get, create and update it" : "";
    return new AfkError(denied ? "unauthorised" : "unreachable", `${text}: it says ${status}${hint}`, error);
  }

  return {
    async read() {
      try {
        held = await api.readNamespacedLease({ namespace, name });
        return recordOf(held);
      } catch (error) {
        if (statusOf(error) !== 404) throw failure(error, "reading");
        held = undefined;
        return undefined;
      }
    },
    async write(record) {
      const body: V1Lease = {
        ...held,
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: { ...held?.metadata, name, namespace },
        spec: {
          ...held?.spec,
          // The API refuses to unset it by null, and takes the empty text for nobody.
          holderIdentity: record.holder ?? "",
          leaseDurationSeconds: Math.max(1, Math.round(record.leaseMs / 1000)),
          acquireTime: new V1MicroTime(record.acquiredAt),
          renewTime: new V1MicroTime(record.renewedAt),
          leaseTransitions: record.transitions,
        },
      };
      try {
        held =
          held === undefined
            ? await api.createNamespacedLease({ namespace, body })
            : await api.replaceNamespacedLease({ namespace, name, body });
        return "written";
      } catch (error) {
        const status = statusOf(error);
        // 409: it was changed, or is there already. 404: it was removed under us.
        if (status === 409 || status === 404) return "conflict";
        throw failure(error, "writing");
      }
    },
  };
}

function recordOf({ spec }: V1Lease): LeaseRecord {
  return {
    holder: spec?.holderIdentity || null,
    leaseMs: (spec?.leaseDurationSeconds ?? 0) * 1000,
    acquiredAt: timeOf(spec?.acquireTime),
    renewedAt: timeOf(spec?.renewTime),
    transitions: spec?.leaseTransitions ?? 0,
  };
}

/** client-node declares a date and gives the API's text. */
function timeOf(value: unknown): number {
  return typeof value === "string" || value instanceof Date ? new Date(value).getTime() || 0 : 0;
}
