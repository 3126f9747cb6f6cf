// POST /api/graphql. Errors of a query come with status 200, also an exhausted quota; only missing credentials and the
// secondary limit have a status of their own.

import express, { type Express, type Request, type Response } from "express";
import { z } from "zod";
import { Refusal } from "../answers.ts";
import { type Limits, rateHeaders } from "../limits.ts";
import { authenticate, commonHeaders, limitRefusal, sendRefusal } from "../rest.ts";
import type { World } from "../world.ts";
import { execute, type Outcome } from "./execute.ts";
import { queryRoot } from "./schema.ts";

const body = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
});

export function serveGraphql(app: Express, world: World, limits: Limits): void {
  app.post("/api/graphql", express.json({ limit: "5mb", type: () => true }), (request: Request, response: Response) => {
    try {
      answer(request, response);
    } catch (error) {
      if (!(error instanceof Refusal)) console.error(`github: graphql: ${String(error)}`);
      sendRefusal(response, error instanceof Refusal ? error : new Refusal(500, "Server Error"));
    }
  });

  function answer(request: Request, response: Response): void {
    const { token, caller } = authenticate(world, request.headers.authorization);
    if (caller === undefined) throw new Refusal(401, "This endpoint requires you to be authenticated.");
    const asked = body.safeParse(request.body);
    if (!asked.success) throw new Refusal(400, "A query attribute must be specified and must be a string.");
    const verdict = limits.check("graphql", token);
    if (verdict.is === "secondary") throw limitRefusal(verdict, caller);
    let outcome: Outcome = {
      errors: [{ type: "RATE_LIMITED", message: `API rate limit exceeded for user ID ${caller.id}.` }],
    };
    if (verdict.is === "fine") {
      limits.spend("graphql", token, 1);
      const { query, variables, operationName } = asked.data;
      const root = queryRoot({ world, caller, quota: limits.quota("graphql", token) });
      outcome = execute(root, { query, variables: variables ?? {}, operationName: operationName ?? undefined });
    }
    response.set({ ...commonHeaders(), ...rateHeaders("graphql", limits.quota("graphql", token)) });
    response.status(200).json(outcome);
  }
}
