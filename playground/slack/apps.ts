// api.test, auth.test, apps.connections.open and blocks.validate, docs.slack.dev/reference/methods.

import { z } from "zod";
import { type Problem, validateBlocks, validateView } from "./blocks.ts";
import { asList, type Json } from "./json.ts";
import { type Call, json, type Methods, read, record } from "./method.ts";
import { invalidArguments, Refusal } from "./refusal.ts";

function authTest({ world }: Call): Json {
  const { id: appId, userId, botId, name } = world.app;
  const team = { team: world.team.name, team_id: world.team.id };
  return {
    url: `${world.url}/`,
    ...team,
    user: name,
    user_id: userId,
    bot_id: botId,
    app_id: appId,
    is_enterprise_install: false,
  };
}

const validating = z.object({
  blocks: json(z.array(z.unknown()).optional()),
  message: json(record.optional()),
  view: json(record.optional()),
});

/** Says what is wrong with blocks, a message or a view; exactly one of them. */
function validate({ world, args }: Call): Json {
  const { blocks, message, view } = read(validating, args);
  if ([blocks, message, view].filter((one) => one !== undefined).length !== 1) throw invalidArguments([]);
  if (view !== undefined) return verdict(validateView(view, world.accepts), "invalid_view", "/view");
  if (message !== undefined) {
    return verdict(validateBlocks(asList(message["blocks"]), "message", world.accepts), "invalid_message", "");
  }
  return verdict(validateBlocks(blocks ?? [], "message", world.accepts), "invalid_blocks", "/blocks");
}

function verdict(problems: readonly Problem[], error: string, prefix: string): Json {
  if (problems.length === 0) return {};
  const errors = problems.map(({ pointer, message }) => ({
    pointer: pointer.slice(prefix.length),
    code: "failed_constraint",
    message,
  }));
  throw new Refusal(error, { errors });
}

/** `openSocket` gives the address of a new Socket Mode connection. */
export function appMethods(openSocket: () => string): Methods {
  return {
    "api.test": { token: "none", scopes: [], tier: "tier4", run: ({ args }) => ({ args }) },
    "auth.test": { token: "bot", scopes: [], tier: "special", run: authTest },
    "blocks.validate": { token: "bot", scopes: [], tier: "special", run: validate },
    "apps.connections.open": {
      token: "app",
      scopes: ["connections:write"],
      tier: "tier1",
      run: () => ({ url: openSocket() }),
    },
  };
}
