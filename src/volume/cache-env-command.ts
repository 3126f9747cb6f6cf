// `afk cache-env`: the variables that point the tools of an agent at the volume's caches, for the environment of T3.

import { stringify } from "yaml";
import { cacheEnv, caches } from "./caches.ts";
import { layoutOf } from "./layout.ts";

/** `yaml` is the list under a container's `env`. */
export function cacheEnvText(volume: string, format: "env" | "yaml" | "json"): string {
  const tools = caches.filter(({ setupOnly }) => setupOnly !== true);
  const env = cacheEnv(tools, layoutOf(volume).cache);
  switch (format) {
    case "env":
      return Object.entries(env)
        .map(([name, value]) => `${name}=${value}\n`)
        .join("");
    case "yaml":
      return stringify(
        Object.entries(env).map(([name, value]) => ({ name, value })),
        { lineWidth: 0 },
      );
    case "json":
      return `${JSON.stringify(env)}\n`;
    default:
      return format satisfies never;
  }
}
