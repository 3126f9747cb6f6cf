// GitHub Apps: the exchange of an app's signed token for one of its installation (docs.github.com, "Authenticating as a
// GitHub App").

import { createPublicKey, randomBytes, verify } from "node:crypto";
import { z } from "zod";
import { created, notFound, Refusal } from "../answers.ts";
import { numberParam, type Route } from "../route.ts";
import { isoSeconds } from "../world.ts";

const claims = z.object({ iss: z.union([z.string(), z.number()]), iat: z.number(), exp: z.number() });

const tokenLifeMs = 3_600_000;

/** The claims of an RS256 token. Throws 401 where the key did not sign it or its time is not now. */
function checked(jwt: string, publicKey: string, nowMs: number): z.infer<typeof claims> {
  const [head = "", payload = "", signature = ""] = jwt.split(".");
  const signed = Buffer.from(`${head}.${payload}`);
  const good = verify("RSA-SHA256", signed, createPublicKey(publicKey), Buffer.from(signature, "base64url"));
  if (!good) throw new Refusal(401, "A JSON web token could not be decoded");
  const parsed = claims.parse(JSON.parse(Buffer.from(payload, "base64url").toString()));
  if (parsed.exp * 1000 < nowMs) throw new Refusal(401, "'Expiration time' claim ('exp') must be a time in the future");
  return parsed;
}

export const appRoutes: readonly Route[] = [
  {
    method: "post",
    path: "/app/installations/:installation/access_tokens",
    handle(call) {
      const app = call.world.apps.find(({ installationId }) => installationId === numberParam(call, "installation"));
      if (app === undefined) throw notFound();
      const { iss } = checked(call.token, app.publicKey, call.world.now().getTime());
      if (String(iss) !== String(app.id)) throw new Refusal(401, "'Issuer' claim ('iss') must be an Integer");
      const token = `ghs_${randomBytes(18).toString("hex")}`;
      call.world.tokens.set(token, app.login);
      const expiresAt = isoSeconds(new Date(call.world.now().getTime() + tokenLifeMs));
      const permissions = { contents: "write", issues: "write", metadata: "read" };
      return created({ token, expires_at: expiresAt, permissions, repository_selection: "all" });
    },
  },
];
