// Runs beside T3 and keeps a token for the bot in a file: one that may read and operate sessions, and nothing else.
// T3's command line can only issue tokens with every scope, so one of those, of five minutes, is exchanged for it.
import { execFile } from "node:child_process";
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const { T3_URL, T3_ADMIN_TOKEN_COMMAND, TOKEN_FILE, CHECK_SECONDS = "60" } = process.env;
const SCOPES = ["orchestration:read", "orchestration:operate"];
const MINUTE = 60_000;

process.on("SIGTERM", () => process.exit(0));

for (let failures = 0; ; ) {
  try {
    if (!(await isGood())) say("token minted", { expiresIn: await mint() });
    failures = 0;
    await sleep(Number(CHECK_SECONDS) * 1_000);
  } catch (error) {
    failures += 1;
    say("token not minted, trying on", { failures, why: error instanceof Error ? error.message : String(error) });
    await sleep(Math.min(1_000 * failures, MINUTE));
  }
}

/** Whether the token in the file is in the first half of its life, and T3 knows it. */
async function isGood() {
  const token = await readFile(TOKEN_FILE, "utf8").catch(() => "");
  if (token === "") return false;
  const { iat, exp } = JSON.parse(Buffer.from(token.split(".")[0], "base64url").toString("utf8"));
  if (Date.now() > (iat + exp) / 2) return false;
  return (await ask("/api/auth/session", { headers: { authorization: `Bearer ${token}` } })).authenticated;
}

/** Returns the new token's life in seconds. The file changes from one whole token to another. */
async function mint() {
  const [command, ...args] = JSON.parse(T3_ADMIN_TOKEN_COMMAND);
  const { stdout } = await promisify(execFile)(command, args, { timeout: MINUTE });
  const { credential } = await ask("/api/auth/pairing-token", {
    method: "POST",
    headers: { authorization: `Bearer ${stdout.trim()}`, "content-type": "application/json" },
    body: JSON.stringify({ label: "afk-bot", scopes: SCOPES }),
  });
  const granted = await ask("/oauth/token", {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token: credential,
      subject_token_type: "urn:t3:params:oauth:token-type:environment-bootstrap",
      requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
      scope: SCOPES.join(" "),
      client_label: "afk-bot",
      client_device_type: "bot",
    }),
  });
  await mkdir(dirname(TOKEN_FILE), { recursive: true, mode: 0o700 });
  const fresh = `${TOKEN_FILE}.new`;
  await writeFile(fresh, granted.access_token, { mode: 0o600 });
  await chmod(fresh, 0o600);
  await rename(fresh, TOKEN_FILE);
  return granted.expires_in;
}

async function ask(path, options) {
  const response = await fetch(new URL(path, T3_URL), { ...options, signal: AbortSignal.timeout(15_000) });
  if (!response.ok) throw new Error(`T3 answered ${path} with ${response.status}`);
  return await response.json();
}

function say(msg, fields) {
  console.log(JSON.stringify({ level: "info", time: new Date().toISOString(), msg, ...fields }));
}
