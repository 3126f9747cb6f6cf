// What the config says of trees: their setups, what is in them, whose commits theirs are.

import type { RepoKey } from "../domain/repo.ts";
import type { TreeRules } from "../git/trees.ts";
import type { ConfigFile } from "./schema.ts";

export type TreesConfig = {
  readonly rules: ReadonlyMap<RepoKey, TreeRules>;
  readonly identity: ConfigFile["commits"];
  /** What every setup is given of the bot's environment. */
  readonly env: Readonly<Record<string, string>>;
};

/** Where programs are, how the network is reached, and how text is written: none of the bot's secrets is among them. */
const PASSED = [
  "PATH",
  "LANG",
  "TZ",
  "TMPDIR",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "NODE_EXTRA_CA_CERTS",
];

/** `held` names the variables that hold the bot's own secrets: no setup may have those. */
export function loadTrees(
  data: ConfigFile,
  env: NodeJS.ProcessEnv,
  held: ReadonlySet<string>,
): { readonly config: TreesConfig; readonly secrets: readonly string[]; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const rules = data.repos.map(({ repo, setup, caches, submodules, lfs }, index): readonly [RepoKey, TreeRules] => {
    if (setup === undefined) return [repo, { setup: undefined, submodules, lfs }];
    const { command, timeout, inputs } = setup;
    const given: Record<string, string> = {};
    for (const name of setup.env) {
      const value = env[name];
      const at = `repos[${index}].setup.env`;
      if (held.has(name)) problems.push(`${at}: ${name} holds a secret of the bot's own, which no setup gets`);
      else if (value === undefined) problems.push(`${at}: the environment variable ${name} is not set`);
      else given[name] = value;
    }
    return [
      repo,
      { setup: { command, withinMs: timeout, env: given, inputs, caches: caches ?? null }, submodules, lfs },
    ];
  });
  const passed = PASSED.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const]));
  return {
    config: {
      rules: new Map(rules),
      identity: data.commits,
      env: { ...Object.fromEntries(passed), GIT_TERMINAL_PROMPT: "0", TERM: "dumb" },
    },
    // What a setup is given may be a secret: nobody else is to read it.
    secrets: rules.flatMap(([, { setup }]) => Object.values(setup?.env ?? {})),
    problems,
  };
}

/** The variables that the config names as where its secrets are. */
export function secretVariables(raw: unknown): ReadonlySet<string> {
  if (typeof raw !== "object" || raw === null) return new Set();
  const { env } = raw as { readonly env?: unknown };
  const own = typeof env === "string" ? [env] : [];
  return new Set([...own, ...Object.values(raw).flatMap((value) => [...secretVariables(value)])]);
}
