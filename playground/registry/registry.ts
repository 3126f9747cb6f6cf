// A stand-in image registry: the reading half of the OCI distribution specification, with Docker's tokens, on one loopback
// port. An image is an index with one manifest and an attestation, as `docker buildx build --push` leaves it.

import { createHash } from "node:crypto";
import type { Response } from "express";
import { type Listener, listen } from "../listener.ts";

export type Registry = AsyncDisposable & {
  /** As images name it. */
  readonly host: string;
  readonly listener: Listener;
  /** Puts an image there and says its digest. */
  push(name: string, labels: Readonly<Record<string, string>>): string;
  /** The next answer of content is of something else. */
  corruptNext(): void;
};

const OCI = "application/vnd.oci.image";

/** With a login, only who gives it gets a token, and nothing is read without one. */
export async function startRegistry({ login }: { readonly login?: string } = {}): Promise<Registry> {
  const contents = new Map<string, { readonly type: string; readonly body: string }>();
  const granted = new Map<string, string>();
  let corrupt = false;

  function put(
    type: string,
    value: unknown,
  ): { readonly mediaType: string; readonly digest: string; readonly size: number } {
    const body = JSON.stringify(value);
    const digest = `sha256:${createHash("sha256").update(body).digest("hex")}`;
    contents.set(digest, { type, body });
    return { mediaType: type, digest, size: body.length };
  }

  const refuse = (response: Response, status: number, code: string): void =>
    void response.status(status).json({ errors: [{ code, message: code.toLowerCase() }] });

  const listener = await listen({
    service: "registry",
    routes(app) {
      app.get("/token", (request, response) => {
        const expected = login && `Basic ${Buffer.from(login).toString("base64")}`;
        if (request.get("authorization") !== expected) return refuse(response, 401, "UNAUTHORIZED");
        const token = `token-${granted.size + 1}`;
        granted.set(`Bearer ${token}`, String(request.query["scope"]));
        response.json({ token, expires_in: 300 });
      });
      app.get(/^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/, (request, response) => {
        const [name, , digest = ""] = Object.values(request.params) as string[];
        const scope = `repository:${name}:pull`;
        if (login !== undefined && granted.get(request.get("authorization") ?? "") !== scope) {
          const how = `Bearer realm="${listener.url}/token",service="registry",scope="${scope}"`;
          return refuse(response.set("www-authenticate", how), 401, "UNAUTHORIZED");
        }
        const found = contents.get(digest);
        if (found === undefined) return refuse(response, 404, "MANIFEST_UNKNOWN");
        const body = corrupt ? found.body.replace("{", "{ ") : found.body;
        corrupt = false;
        response.set({ "content-type": found.type, "docker-content-digest": digest }).send(body);
      });
    },
  });
  return {
    host: new URL(listener.url).host,
    listener,
    push(name, labels) {
      const config = put(`${OCI}.config.v1+json`, {
        architecture: "amd64",
        os: "linux",
        config: { Labels: labels },
        name,
      });
      const manifest = put(`${OCI}.manifest.v1+json`, { schemaVersion: 2, config, layers: [] });
      const proof = put(`${OCI}.manifest.v1+json`, {
        schemaVersion: 2,
        config: put(`${OCI}.config.v1+json`, {}),
        layers: [],
      });
      const manifests = [
        { ...proof, platform: { architecture: "unknown", os: "unknown" } },
        { ...manifest, platform: { architecture: "amd64", os: "linux" } },
      ];
      return put(`${OCI}.index.v1+json`, { schemaVersion: 2, mediaType: `${OCI}.index.v1+json`, manifests }).digest;
    },
    corruptNext() {
      corrupt = true;
    },
    [Symbol.asyncDispose]: () => listener.close(),
  };
}
