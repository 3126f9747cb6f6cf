// Labels of images, read from their registries: which commit an image that is named by digest was built of. As the OCI
// distribution specification has it (manifest, then config blob), with the tokens that Docker's registries want.
//
// A workload's image is anybody's who may change the workload: only registries that the config lists are asked, and what
// they send counts only where it has the digest that was asked for.

import { createHash } from "node:crypto";
import { z } from "zod";
import { AfkError, messageOf } from "../errors.ts";
import { type ImageName, parseImage } from "./image.ts";

export type Registry = {
  /** As images name it. */
  readonly host: string;
  /** Where its API is. */
  readonly url: string;
  /** Undefined = what it shows to everybody. */
  readonly login: { readonly username: string; readonly password: string } | undefined;
};

/**
 * The image's label; null = it has none of that name. Throws `invalid` where the image is not named by digest or what is
 * there is no image, `config` where its registry is not listed, `unauthorised`, `refused` or `unreachable`.
 */
export type LabelOf = (image: string, label: string) => Promise<string | null>;

const TIMEOUT_MS = 10_000;
const MOST_BYTES = 4 * 1024 * 1024;
const MOST_KNOWN = 500;
const MANIFESTS = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const annotations = z.record(z.string(), z.string()).nullish();
const platform = z.object({ os: z.string() }).nullish();
const indexSchema = z.object({ manifests: z.array(z.object({ digest, platform })).min(1), annotations });
const manifestSchema = z.object({ config: z.object({ digest }), annotations });
const configSchema = z.object({ config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish() });
const tokenSchema = z.object({ token: z.string().optional(), access_token: z.string().optional() });

export function createLabelOf(registries: readonly Registry[]): LabelOf {
  /** A digest names the same for ever. */
  const found = new Map<string, string | null>();
  const tokens = new Map<string, string>();

  async function get(registry: Registry, { name }: ImageName, path: string): Promise<unknown> {
    const wanted = path.slice(path.lastIndexOf("/") + 1);
    const url = `${registry.url}/v2/${name}/${path}`;
    const key = `${registry.host}/${name}`;
    let answer = await ask(url, tokens.get(key));
    if (answer.status === 401) {
      await answer.body?.cancel();
      const token = await login(registry, answer.headers.get("www-authenticate") ?? "");
      tokens.set(key, token);
      answer = await ask(url, token);
    }
    if (!answer.ok) throw await refusal(answer, `${registry.host}, asked for ${name}@${wanted},`);
    const bytes = await read(answer);
    const seen = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    if (seen !== wanted) throw new AfkError("invalid", `${registry.host} sent something else for ${name}@${wanted}`);
    return parseJson(bytes, `${name}@${wanted}`);
  }

  async function look(registry: Registry, image: ImageName, label: string): Promise<string | null> {
    const top = await get(registry, image, `manifests/${image.digest}`);
    const index = indexSchema.safeParse(top);
    const own = index.success ? index.data.annotations?.[label] : undefined;
    if (own !== undefined) return own;
    // Of the platforms of one build any will do; attestations are listed as of an unknown one.
    const one = index.data?.manifests.find((each) => each.platform?.os !== "unknown");
    const manifest = manifestSchema.safeParse(
      one === undefined ? top : await get(registry, image, `manifests/${one.digest}`),
    );
    if (!manifest.success) throw new AfkError("invalid", `${image.name}@${image.digest} is no image`);
    const noted = manifest.data.annotations?.[label];
    if (noted !== undefined) return noted;
    const config = configSchema.safeParse(await get(registry, image, `blobs/${manifest.data.config.digest}`));
    if (!config.success) throw new AfkError("invalid", `${image.name}@${image.digest} has no image config`);
    return config.data.config?.Labels?.[label] ?? null;
  }

  return async (image, label) => {
    const parsed = parseImage(image);
    const registry = registries.find(({ host }) => host === parsed.host);
    if (registry === undefined) {
      throw new AfkError(
        "config",
        `${parsed.host} is not listed under kubernetes.registries: its images are not looked up`,
      );
    }
    const key = `${parsed.digest} ${label}`;
    const before = found.get(key);
    if (before !== undefined) return before;
    const value = await look(registry, parsed, label);
    const [oldest] = found.keys();
    if (found.size >= MOST_KNOWN && oldest !== undefined) found.delete(oldest);
    found.set(key, value);
    return value;
  };
}

async function ask(url: string, authorization: string | undefined): Promise<Response> {
  try {
    return await fetch(url, {
      headers: { accept: MANIFESTS, ...(authorization !== undefined && { authorization }) },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    throw new AfkError("unreachable", `${new URL(url).host}: ${messageOf(error)}`, error);
  }
}

/** What to authorise with after a challenge: `Basic`, or a token from where the registry says (docs.docker.com, registry auth). */
async function login({ host, url, login: who }: Registry, challenge: string): Promise<string> {
  const basic = who && `Basic ${Buffer.from(`${who.username}:${who.password}`).toString("base64")}`;
  if (/^basic\b/i.test(challenge) && basic !== undefined) return basic;
  const { realm, service, scope } = Object.fromEntries(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
  );
  if (!/^bearer\b/i.test(challenge) || realm === undefined || !URL.canParse(realm)) {
    throw new AfkError("unauthorised", `${host} wants a login: give one under kubernetes.registries`);
  }
  const at = new URL(realm);
  if (at.protocol !== "https:" && at.origin !== new URL(url).origin) {
    throw new AfkError("refused", `${host} wants its login sent to ${at.origin}, which is not encrypted`);
  }
  if (service !== undefined) at.searchParams.set("service", service);
  if (scope !== undefined) at.searchParams.set("scope", scope);
  const answer = await ask(at.href, basic);
  if (!answer.ok) throw await refusal(answer, `${at.host}, asked for a token for ${host},`);
  const parsed = tokenSchema.safeParse(parseJson(await read(answer), at.host));
  const token = parsed.data?.token ?? parsed.data?.access_token;
  if (token === undefined) throw new AfkError("invalid", `${at.host} gave no token for ${host}`);
  return `Bearer ${token}`;
}

async function refusal(answer: Response, what: string): Promise<AfkError> {
  await answer.body?.cancel();
  const said = `${what} answered ${answer.status}`;
  if (answer.status === 401 || answer.status === 403)
    return new AfkError("unauthorised", `${said}: check its login under kubernetes.registries`);
  return new AfkError(answer.status === 429 || answer.status >= 500 ? "unreachable" : "refused", said);
}

async function read(answer: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of answer.body ?? []) {
      size += chunk.length;
      if (size > MOST_BYTES)
        throw new AfkError("invalid", `${new URL(answer.url).host} sent more than an image's description`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof AfkError) throw error;
    throw new AfkError("unreachable", `${new URL(answer.url).host}: ${messageOf(error)}`, error);
  }
  return Buffer.concat(chunks);
}

function parseJson(bytes: Buffer, what: string): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    throw new AfkError("invalid", `${what} is no JSON`);
  }
}
