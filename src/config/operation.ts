import { z } from "zod";
import { duration } from "./values.ts";

const wholeSeconds = duration.refine((value) => value % 1000 === 0, "expected whole seconds, as Kubernetes keeps them");

export const httpSchema = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .optional()
      .describe(
        "the address to listen on; default: 0.0.0.0 in a pod, where the kubelet asks from outside, else 127.0.0.1",
      ),
    port: z.number().int().min(0).max(65_535).default(8080).describe("0 = any free one, which the log then names"),
  })
  .prefault({})
  .describe("Where the bot says how it is: /healthz, /readyz and /metrics.");

export const leaderElectionSchema = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe("a Kubernetes Lease lets one replica act; without it a lock file keeps a second one out"),
    lease: z.string().min(1).default("afk-bot").describe("the Lease's name"),
    namespace: z
      .string()
      .min(1)
      .optional()
      .describe("the Lease's namespace; default: the pod's own, or the kubeconfig's"),
    identity: z
      .string()
      .min(1)
      .optional()
      .describe("how this replica is named in the Lease; default: the host name, which in a pod is the pod's name"),
    leaseDuration: wholeSeconds
      .prefault("15s")
      .describe("a standby takes over when the Lease was not renewed for so long"),
    renewDeadline: duration.prefault("10s").describe("the leader gives up when it could not renew for so long"),
    retryPeriod: duration.prefault("2s").describe("between two tries to get or renew the Lease"),
  })
  .refine(({ leaseDuration, renewDeadline }) => leaseDuration > renewDeadline, {
    path: ["leaseDuration"],
    error: "has to be longer than renewDeadline: what lies between is the margin in which nobody acts",
  })
  .refine(({ renewDeadline, retryPeriod }) => renewDeadline > 2 * retryPeriod, {
    path: ["renewDeadline"],
    error: "has to be longer than two retryPeriods, so that one lost request does not cost the leadership",
  })
  .prefault({})
  .describe("For more than one replica.");
