// Ways to run what a document says, in a world of the playground: the bot's own command line for real, kubectl for real on
// the stand-in cluster, Helm for real with `template` in the place of an install.

import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clusterAdmin, startKubernetes } from "../../playground/kubernetes/cluster.ts";
import { setStage } from "../../playground/sweep/stage.ts";
import { repo, tokens } from "../../playground/world/team.ts";
import { helm, template, tool } from "../helm/helm.ts";
import { blocks, document, ROOT, words } from "./documents.ts";

const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
};

/** What was wrong with it; undefined: it does what it should. */
export type Outcome = string | undefined;
export type Runner = AsyncDisposable & { try(command: string): Promise<Outcome> };

/** In CI, and with `npm run test:docs`. Else the bot's commands are held against their --help, which takes a moment. */
const full = process.env["CI"] !== undefined || process.env["AFK_DOCS"] === "full";
/** Commands of the bot that other tests run, since they take their time or never end. */
const ELSEWHERE = new Set(["serve", "pilot"]);

export async function setRunner(dir: string): Promise<Runner> {
  mkdirSync(dir, { recursive: true });
  const world = await setStage(join(dir, "world"));
  // As after the bot's first run.
  mkdirSync(join(world.volume, "repos"), { recursive: true });
  const issue = world.github.as("maintainer").createIssue(repo, { title: "Quote a surcharge", body: "Please." }).number;
  const cluster = await startKubernetes({ speed: 50 });
  cluster.grantAnonymous(clusterAdmin);
  cluster.createNamespace("afk");
  for (const name of ["afk", "afk-t3"]) {
    await cluster.createDeployment({
      namespace: "afk",
      name,
      image: "registry.example/x:1",
      replicas: 1,
      wait: "healthy",
    });
  }
  const kubeconfig = join(dir, "kubeconfig");
  writeFileSync(kubeconfig, cluster.kubeconfig("unused"));
  const [values = ""] = blocks(document("docs/operations.md"), "yaml").filter((block) =>
    block.includes("# values.yaml"),
  );
  writeFileSync(join(dir, "values.yaml"), values);
  for (const key of ["github-token", "slack-bot-token", "slack-app-token", "ANTHROPIC_API_KEY", "GITHUB_TOKEN"]) {
    writeFileSync(join(dir, key), "for trying out");
  }
  const names = (await template("--values", join(dir, "values.yaml")))
    .filter(({ kind }) => kind === "Deployment")
    .map(({ metadata }) => metadata.name);

  const told = new Map<string, Promise<Done>>();
  /** The same command line is run once. */
  function node(...args: readonly string[]): Promise<Done> {
    const key = args.join(" ");
    const before = told.get(key);
    if (before !== undefined) return before;
    const done = run(process.execPath, args, ROOT, {
      AFK_GITHUB_TOKEN: tokens.githubBot,
      AFK_SLACK_BOT_TOKEN: "xoxb-playground",
      AFK_SLACK_APP_TOKEN: "xapp-playground",
      AFK_T3_TOKEN: world.addresses.t3Token,
    });
    told.set(key, done);
    return done;
  }

  async function afk(args: readonly string[]): Promise<Outcome> {
    const [name = ""] = args;
    const complete = args.some((arg) => /^--(config|volume)$/.test(arg)) || name.startsWith("config-");
    if (full && complete && !ELSEWHERE.has(name)) {
      const done = await node(
        "src/main.ts",
        ...args.map((arg) =>
          arg
            .replace(/^(\/config\/)?afk\.yaml$/, world.configFile)
            .replace(/^acme\/shop#12$/, `${repo}#${issue}`)
            .replace(/^acme\/shop$/, repo)
            .replace(/^\/volume$/, world.volume),
        ),
      );
      return done.code === 0 ? undefined : `exit code ${done.code}: ${done.said}`;
    }
    const { said } = await node("src/main.ts", "--help");
    if (!new RegExp(`^  ${name} `, "m").test(said)) return `there is no afk ${name}`;
    if (args.length === 1) return undefined;
    const help = await node("src/main.ts", name, "--help");
    const [, below = ""] = args;
    const isBelow = new RegExp(`^Commands:[^]*^  ${below} `, "m").test(help.said);
    return unknownOptions(args, isBelow ? (await node("src/main.ts", name, below, "--help")).said : help.said);
  }

  async function npm(args: readonly string[]): Promise<Outcome> {
    const name = args[0] === "test" ? "test" : args.find((arg) => arg !== "run" && !arg.startsWith("-"));
    const text = scripts[name ?? ""];
    if (text === undefined) return `package.json has no script ${name}`;
    const rest = args.includes("--") ? args.slice(args.indexOf("--") + 1) : [];
    const [, file = "", own = ""] =
      /node (?:--\S+ )*((?:src|playground|bench|fuzz|scripts)\/\S+)(.*)$/.exec(text.replace("scripts/run.mjs", "")) ??
      [];
    if (file === "src/main.ts") return await afk([...words(own), ...rest]);
    if (rest.length === 0) return undefined;
    if (name === "test") return rest.every((path) => existsSync(join(ROOT, path))) ? undefined : "no such tests";
    const help = await node(file, "--help");
    return help.code === 0 ? unknownOptions(rest, help.said) : `${file} --help: ${help.said}`;
  }

  async function kubectl(args: readonly string[]): Promise<Outcome> {
    const at = args.indexOf("exec");
    if (at >= 0) {
      const target = args[at + 1]?.replace("deploy/", "") ?? "";
      if (!names.includes(target)) return `the chart makes no deployment ${target}`;
      const [program = "", ...rest] = args.slice(args.indexOf("--") + 1);
      if (program === "afk") return await afk(rest);
      const there = rest.map((arg) => (arg === "/volume" ? world.volume : arg));
      const done = await run(program, there, dir);
      return done.code === 0 ? undefined : done.said;
    }
    const dry = args.includes("create") ? ["--dry-run=client", "--output=name"] : [];
    const done = await run(tool("kubectl"), ["--kubeconfig", kubeconfig, ...args, ...dry], dir);
    return done.code === 0 ? undefined : done.said;
  }

  async function helmOnce(args: readonly string[]): Promise<Outcome> {
    const [verb = "", ...rest] = args.filter((arg) => arg !== "--install");
    if (verb !== "upgrade" || rest.length === 0)
      return /^(test|uninstall|upgrade)$/.test(verb) ? undefined : `helm ${verb}`;
    const here = rest.map((arg) =>
      arg.replace(/^helm\/afk$/, join(ROOT, "helm", "afk")).replace(/^values\.yaml$/, join(dir, arg)),
    );
    return await helm("template", ...here).then(
      () => undefined,
      (error: unknown) => String(error),
    );
  }

  return {
    async try(command) {
      const [program = "", ...args] = words(command);
      switch (program) {
        case "npm":
          return await npm(args);
        case "afk":
          return await afk(args);
        case "node":
          return args[0] === "src/main.ts" ? await afk(args.slice(1)) : `no program of the bot's: ${args[0]}`;
        case "kubectl":
          return await kubectl(args);
        case "helm":
          return await helmOnce(args);
        case "docker":
          // test/image does the steps.
          return args[0] === "build" && args.at(-1) === "." ? undefined : "not a build of this folder";
        case "t3":
          // T3's own command line: its contract has these.
          return args.slice(0, 2).join(" ") === "auth session" ? undefined : "not in T3's contract";
        default:
          return "no way to run it is known: add one to test/docs/run.ts";
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([world[Symbol.asyncDispose](), cluster.close()]);
    },
  };
}

function unknownOptions(args: readonly string[], help: string): Outcome {
  const missing = args.filter((arg) => arg.startsWith("--") && !help.includes(arg.replace(/=.*/, "")));
  return missing.length === 0 ? undefined : `its --help knows no ${missing.join(", ")}`;
}

type Done = { readonly code: number; readonly said: string };

function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Done> {
  const all = { PATH: process.env["PATH"], HOME: cwd, ...env };
  return new Promise((resolve) => {
    execFile(program, args, { cwd, env: all, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code) || 1, said: `${stdout}${stderr}` });
    });
  });
}
