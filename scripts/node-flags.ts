/**
 * How Node runs the bot: in the image by the program's first line, in the demo, the sweep and the soak by these. V8 would let
 * the space of new objects alone grow to 128 MB, and keep it: resident memory would grow for minutes, and look like a leak.
 */
export const NODE_FLAGS: readonly string[] = ["--max-semi-space-size=16"];

/** As the image sets it (Dockerfile). */
export const NODE_ENVIRONMENT: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: "2",
  MALLOC_MMAP_THRESHOLD_: "131072",
};
