import { lstatSync } from "node:fs";
import { glob } from "node:fs/promises";
import { join } from "node:path";
import { sampleFiles } from "../../sample/files.ts";
import { cluster, repo } from "../../world/team.ts";
import { factsOf } from "./facts.ts";
import type { Script } from "./script.ts";

const DEPENDENCY = "parcel-units";
const WARM = "warm: nothing had to be installed";

export const twoIssues: Script = {
  does: "the second issue gets a tree in which everything is installed already",
  limitMs: 120_000,
  config: {
    repos: [
      {
        repo,
        workloads: [{ namespace: cluster.namespace, name: cluster.deployment }],
        setup: { command: "npm ci --offline --no-audit --no-fund" },
      },
    ],
  },
  async prepare(world) {
    const message = "build: take the units from a package";
    await world.github.commit(repo, { files: withDependency(), message, by: "maintainer" });
  },
  async play({ createIssue, release, follow, stage, tell }) {
    const play = async (title: string) => {
      const issue = createIssue(title, "Scripted agent: good");
      release(issue);
      // The issue's own comment says how its tree came about, and is written last.
      const { came, sight } = await follow(
        issue,
        ({ state, issueClosed, checklist }) =>
          state === "deployed" && issueClosed && checklist.length > 0 && checklist.every(({ done }) => done),
      );
      const installs = await findInstalls(stage.dir);
      const warm = sight.checklist.some(({ text }) => text.includes(WARM));
      tell(`volume   #${issue} ${warm ? "found everything installed" : "had its tree set up"}`);
      return { came, sight, installs, warm };
    };
    const first = await play("Quote a surcharge for islands");
    const second = await play("Quote a discount for ten parcels");
    // An install would have made the dependency anew: the same file, untouched, in the only slot there is.
    const sameInstall = first.installs.length === 1 && second.installs.join() === first.installs.join();
    return {
      ok: first.came && second.came && !first.warm && second.warm && sameInstall,
      ...factsOf(second.sight),
      firstInstalled: !first.warm,
      secondSkippedInstall: second.warm,
      sameInstall,
    };
  },
};

/** The sample with a dependency that needs no network: npm links it into node_modules. */
function withDependency(): Readonly<Record<string, string>> {
  const files = sampleFiles();
  const at = `packages/${DEPENDENCY}`;
  const dependencies = { [DEPENDENCY]: `file:${at}` };
  const manifest = { ...parse(files["package.json"]), dependencies };
  const lock = parse(files["package-lock.json"]);
  const packages = parse(JSON.stringify(lock["packages"]));
  const locked = {
    ...lock,
    packages: {
      "": { ...parse(JSON.stringify(packages[""])), dependencies },
      [at]: { version: "1.0.0" },
      [`node_modules/${DEPENDENCY}`]: { resolved: at, link: true },
    },
  };
  return {
    "package.json": print(manifest),
    "package-lock.json": print(locked),
    [`${at}/package.json`]: print({ name: DEPENDENCY, version: "1.0.0", type: "module", exports: "./index.js" }),
    [`${at}/index.js`]: "export const gramsPerKilo = 1000;\n",
  };
}

const parse = (text: string | undefined): Record<string, unknown> => JSON.parse(text ?? "{}");
const print = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Every installed copy of the dependency on the volume, each with what tells it from one made later. */
async function findInstalls(dir: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const path of glob(`volume/repos/*/*/slots/*/node_modules/${DEPENDENCY}`, { cwd: dir })) {
    const { ino, mtimeMs } = lstatSync(join(dir, path));
    found.push(`${path} ${ino} ${mtimeMs}`);
  }
  return found.toSorted();
}
