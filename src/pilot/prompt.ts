import { REPORT, type Scratch } from "./scratch.ts";

/** The variables that point tools at a shared cache. A report, not a rule: what is missing is told. */
const CACHES = [
  "npm_config_cache",
  "PIP_CACHE_DIR",
  "UV_CACHE_DIR",
  "POETRY_CACHE_DIR",
  "GOMODCACHE",
  "GOCACHE",
  "CARGO_HOME",
  "GRADLE_USER_HOME",
  "PLAYWRIGHT_BROWSERS_PATH",
];

/** The pilot's task: the standing rules of a real one, over commands whose outcome says where and how it ran. */
export function pilotPrompt({ id, tree, branch, marker }: Scratch, model: string): string {
  return `You check this machine, alone, with nobody at the keyboard. This repository is a scratch: nothing in it is of value.

# Where you are
- Your tree is ${tree}, on the branch ${branch}. Work only there.

# How to work
1. Run these commands in your shell, one after the other, exactly as they stand, in the directory you were started in:

\`\`\`sh
printf 'cwd=%s\\n' "$(pwd -P)" > ${REPORT}
printf 'marker=%s\\n' "$(cat '${marker.path}')" >> ${REPORT}
env | grep -E '^(${CACHES.join("|")})=' >> ${REPORT} || true
\`\`\`

2. Add the file you made by its name (\`git add ${REPORT}\`, no \`git add -A\`) and commit it. The message ends with these lines, exactly:

    AFK-Run: ${id}
    Implemented-by: ${model} (AFK)

3. Land with an ordinary push: \`git push origin HEAD:main\`.
4. Stop after that, and ask nothing: nobody would answer.
`;
}

export type Report = { readonly cwd: string; readonly marker: string; readonly caches: readonly string[] };

export function parseReport(text: string): Report {
  const lines = text.split("\n").filter((line) => line.includes("="));
  const said = (key: string): string => lines.find((line) => line.startsWith(`${key}=`))?.slice(key.length + 1) ?? "";
  const caches = lines.filter((line) => CACHES.some((name) => line.startsWith(`${name}=`)));
  return { cwd: said("cwd"), marker: said("marker"), caches };
}
