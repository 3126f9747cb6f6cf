// users.* and usergroups.* of the Web API, docs.slack.dev/reference/methods.

import { z } from "zod";
import type { Json } from "./json.ts";
import { type Call, flag, type Method, type Methods, page, pageSize, read, text } from "./method.ts";
import { Refusal } from "./refusal.ts";
import type { User, Usergroup, World } from "./state.ts";

function userBody({ world, scopes }: Call, user: User): Json {
  return {
    id: user.id,
    team_id: world.team.id,
    name: user.name,
    real_name: user.realName,
    deleted: false,
    tz: user.tz,
    tz_label: user.tz,
    tz_offset: offsetSeconds(user.tz, world.now()),
    is_admin: false,
    is_owner: false,
    is_bot: user.isBot,
    is_app_user: false,
    updated: 0,
    profile: {
      real_name: user.realName,
      real_name_normalized: user.realName,
      display_name: user.name,
      display_name_normalized: user.name,
      team: world.team.id,
      ...(scopes.includes("users:read.email") && user.email !== undefined ? { email: user.email } : {}),
    },
  };
}

function offsetSeconds(tz: string, atMs: number): number {
  const parts = new Intl.DateTimeFormat("en", { timeZone: tz, timeZoneName: "longOffset" }).formatToParts(atMs);
  const offset = /GMT([+-])(\d\d):(\d\d)/.exec(parts.find((part) => part.type === "timeZoneName")?.value ?? "");
  if (offset === null) return 0;
  return (offset[1] === "-" ? -1 : 1) * (Number(offset[2]) * 3600 + Number(offset[3]) * 60);
}

function info(call: Call): Json {
  const given = read(z.object({ user: z.string() }), call.args);
  const user = call.world.users.get(given.user);
  if (user === undefined) throw new Refusal("user_not_found");
  return { user: userBody(call, user) };
}

function list(call: Call): Json {
  const given = read(z.object({ cursor: text }), call.args);
  const size = pageSize(call.args["limit"], 1000, 1000);
  const { items, nextCursor } = page([...call.world.users.values()], size, given.cursor);
  return {
    members: items.map((user) => userBody(call, user)),
    cache_ts: Math.floor(call.world.now() / 1000),
    response_metadata: { next_cursor: nextCursor },
  };
}

function lookupByEmail(call: Call): Json {
  const given = read(z.object({ email: z.string() }), call.args);
  const user = [...call.world.users.values()].find((one) => one.email === given.email);
  if (user === undefined) throw new Refusal("users_not_found");
  return { user: userBody(call, user) };
}

function usergroupBody(world: World, group: Usergroup, withUsers: boolean): Json {
  return {
    id: group.id,
    team_id: world.team.id,
    is_usergroup: true,
    name: group.name,
    handle: group.handle,
    description: "",
    is_external: false,
    date_delete: 0,
    user_count: group.users.length,
    ...(withUsers ? { users: group.users } : {}),
  };
}

function usergroups({ world, args }: Call): Json {
  const given = read(z.object({ include_users: flag }), args);
  const groups = [...world.usergroups.values()];
  return { usergroups: groups.map((group) => usergroupBody(world, group, given.include_users === true)) };
}

function usergroupUsers({ world, args }: Call): Json {
  const given = read(z.object({ usergroup: z.string() }), args);
  const group = world.usergroups.get(given.usergroup);
  if (group === undefined) throw new Refusal("no_such_subteam");
  return { users: group.users };
}

function method(scope: string, tier: Method["tier"], run: Method["run"]): Method {
  return { token: "bot", scopes: [scope], tier, run };
}

export const userMethods: Methods = {
  "users.info": method("users:read", "tier4", info),
  "users.list": method("users:read", "tier2", list),
  "users.lookupByEmail": method("users:read.email", "tier3", lookupByEmail),
  "usergroups.list": method("usergroups:read", "tier2", usergroups),
  "usergroups.users.list": method("usergroups:read", "tier2", usergroupUsers),
};
