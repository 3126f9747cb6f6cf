// What becomes of a container, decided by its image: looked up anew at each pull, start and probe, so that an image
// that is pushed late, or mended, makes its pods recover as they would.

import type { Pod } from "../objects/pods.ts";

/**
 * - `healthy`: starts and becomes ready
 * - `slow`: the same, after a long pull and a long start
 * - `crash`: exits 1 soon after each start (CrashLoopBackOff)
 * - `oom`: is killed for its memory soon after each start (OOMKilled, then CrashLoopBackOff)
 * - `pull`: the image is not there (ErrImagePull, ImagePullBackOff)
 * - `never-ready`: runs, but its readiness probe fails
 */
export type Behaviour = "healthy" | "slow" | "crash" | "oom" | "pull" | "never-ready";

export type Outcome = {
  readonly behaviour: Behaviour;
  /** What the container prints instead of the usual lines. */
  readonly logs?: readonly string[];
};

/** A bare behaviour prints the usual lines. */
export type Verdict = Behaviour | Outcome;

export type Lookup = (pod: Pod, image: string) => Promise<Outcome>;

export type LookupSources = {
  readonly outcome?: ((pod: Pod) => Verdict | undefined) | undefined;
  readonly images: ReadonlyMap<string, Verdict>;
  readonly imageBehaviour?: ((image: string) => Verdict | Promise<Verdict>) | undefined;
};

/** The pod's own outcome first, then the image set by name, then the world's rule, else healthy. */
export function createLookup({ outcome, images, imageBehaviour }: LookupSources): Lookup {
  return async (pod, image) => {
    const own = outcome?.(pod);
    const found = own ?? images.get(image) ?? (await imageBehaviour?.(image)) ?? "healthy";
    return typeof found === "string" ? { behaviour: found } : found;
  };
}

export function logLines(outcome: Outcome, image: string): readonly string[] {
  if (outcome.logs !== undefined) return outcome.logs;
  const starting = `starting ${image}`;
  switch (outcome.behaviour) {
    case "crash":
      return [
        starting,
        "Error: required configuration DATABASE_URL is not set",
        "    at readConfig (/app/src/config.js:21:11)",
        "    at start (/app/src/server.js:8:18)",
        "    at Object.<anonymous> (/app/src/main.js:3:1)",
        "exiting with code 1",
      ];
    case "oom":
      return [starting, "loading index into memory", "index: 25%", "index: 50%", "index: 75%"];
    case "never-ready":
      return [starting, "listening on :8080", "GET /healthz 503 waiting for migrations"];
    case "healthy":
    case "slow":
    case "pull":
      return [starting, "connected to database", "listening on :8080", "GET /healthz 200"];
    default:
      return outcome.behaviour satisfies never;
  }
}
