import type { Trees } from "../ports.ts";

/** Throws `conflict` where this process may not act: it stands by, or its lead is over. */
export type MayAct = () => void;

/** For a process that is alone, or that only looks. */
export const always: MayAct = () => {};

/** The same port, whose acts are refused where the process may not act. A method of it that is not listed does not compile. */
export function fenced<Port extends object>(
  port: Port,
  methods: Readonly<Record<keyof Port, "looks" | "acts">>,
  mayAct: MayAct,
): Port {
  const guarded = Object.entries(methods).map(([name, kind]) => {
    const method = (port as Record<string, (...args: unknown[]) => unknown>)[name];
    if (kind === "looks" || method === undefined) return [name, method];
    return [
      name,
      async (...args: unknown[]) => {
        mayAct();
        return await method.apply(port, args);
      },
    ];
  });
  return { ...port, ...Object.fromEntries(guarded) } as Port;
}

/** Git is a process of its own and outlives a lead that ends meanwhile: what it leaves is adopted by the next one. */
export function fencedTrees(trees: Trees, mayAct: MayAct): Trees {
  const methods = {
    checkoutPath: "looks",
    treePath: "looks",
    ensureCheckout: "acts",
    findSlots: "looks",
    setupsSince: "looks",
    prepare: "acts",
    findLanded: "looks",
    findCommits: "looks",
    findElsewhere: "looks",
    observeBranch: "looks",
    changedPaths: "looks",
    diffOf: "looks",
    contains: "looks",
    release: "acts",
    refresh: "acts",
    removeSlot: "acts",
    close: "looks",
  } as const;
  return fenced(trees, methods, mayAct);
}
