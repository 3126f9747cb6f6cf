// T3: whether it answers, which version, what our token may do and for how long, whether its stream gets through, and
// whether the pilot has passed for it.

import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import type { Config, T3Server } from "../config.ts";
import { known, unknown } from "../domain/observed.ts";
import { messageOf } from "../errors.ts";
import { disarmedBy } from "../pilot/arming.ts";
import { token as judgeToken, type TokenSeen } from "../pilot/judge.ts";
import { watchPilot } from "../pilot/result.ts";
import type { Clock } from "../ports.ts";
import { createT3Client, type T3Client } from "../t3/client.ts";
import { createRuntime } from "../t3/runtime.ts";
import { createTokens } from "../t3/token.ts";
import { type Area, attempt, type Finding, fail, pass, untried, warn } from "./finding.ts";

const STREAM_MS = 5_000;

export async function checkT3(server: T3Server, { t3, stateDir }: Config, clock: Clock, log: Logger): Promise<Area> {
  const area = t3.servers.length > 1 ? `t3 ${server.name}` : "t3";
  const tokens = createTokens(server.token, server.url, clock);
  const client = createT3Client({ url: server.url, tokens, pollMs: 1_000, clock, log });
  try {
    const reach = `Start T3, and see that the bot reaches ${server.url} (t3.url, NetworkPolicy).`;
    const answers = await attempt("answers", { unauthorised: reach, otherwise: reach }, async () => {
      const { serverVersion } = await client.environment();
      if (server.version === undefined || server.version === serverVersion)
        return `T3 ${serverVersion} at ${server.url}`;
      const remedy = `Install T3 ${server.version}, or set t3.version to ${serverVersion} and run \`afk pilot\`.`;
      return fail("answers", `T3 ${serverVersion} answers, and the config pins ${server.version}`, remedy);
    });
    const version = client.lastEnvironment()?.serverVersion;
    if (version === undefined) {
      const rest = ["token", "stream", "pilot"].map((check) => untried(check, "answers"));
      return { area, findings: [answers, ...rest] };
    }
    const token = await checkToken(client, tokens.renewable, clock);
    return {
      area,
      findings: [
        answers,
        token,
        token.result === "fail" ? untried("stream", "token") : await checkStream(client),
        checkPilot(stateDir, server.name, version),
        ...(server.baseDir === undefined ? [] : [checkBaseDir(server.baseDir)]),
      ],
    };
  } finally {
    await client.close();
  }
}

async function checkToken(client: T3Client, renewable: boolean, clock: Clock): Promise<Finding> {
  const seen = await client.session().then(
    (session) => known<TokenSeen>({ ...session, renewable }),
    (error: unknown) => unknown(messageOf(error)),
  );
  const { passed, saw, mend, notes } = judgeToken({ token: seen, now: clock.now() });
  if (!passed) return fail("token", saw, mend ?? "");
  return notes[0] === undefined ? pass("token", saw) : warn("token", saw, notes[0]);
}

async function checkStream(client: T3Client): Promise<Finding> {
  client.watch(() => {});
  const until = performance.now() + STREAM_MS;
  while (!client.live() && performance.now() < until) await pause(50);
  if (client.live()) return pass("stream", "changes are told as they happen");
  const remedy = "Let WebSockets through to T3 at /ws, with their Authorization header. Until then the bot polls.";
  return warn("stream", `it did not come up within ${STREAM_MS / 1000} s`, remedy);
}

function checkPilot(stateDir: string, name: string, version: string): Finding {
  const why = disarmedBy(watchPilot(stateDir, name)(), version);
  return why === undefined
    ? pass("pilot", `passed for T3 ${version}`)
    : warn("pilot", why, "Nothing starts before it has passed: run `afk pilot`.");
}

function checkBaseDir(baseDir: string): Finding {
  return createRuntime(baseDir).restartedSince(0) === "unknown"
    ? warn(
        "base directory",
        `${baseDir} tells no start of T3's`,
        "Mount T3's base directory there, or leave t3.baseDir out.",
      )
    : pass("base directory", baseDir);
}
