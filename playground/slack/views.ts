// views.* of the Web API, docs.slack.dev/reference/methods, and what a stack of modals is: at most three, the one in
// front last; opened, pushed and closed by trigger, button or answer to a submission.

import { z } from "zod";
import { validateView } from "./blocks.ts";
import { withIds } from "./ids.ts";
import { asList, asText, type Json } from "./json.ts";
import { type Call, json, type Method, type Methods, read, record, text } from "./method.ts";
import { invalidArguments, Refusal } from "./refusal.ts";
import { announce, mintId, mintSecret, type Trigger, type View, type World } from "./state.ts";

const TRIGGER_MS = 3_000;
const DEEPEST = 3;
const VIEW_BYTES = 250_000;

/** A view as events and answers have it. */
export function viewBody(world: World, view: View, values: Json = {}): Json {
  return {
    id: view.id,
    team_id: world.team.id,
    callback_id: "",
    private_metadata: "",
    external_id: "",
    clear_on_close: false,
    notify_on_close: false,
    submit: null,
    close: null,
    ...view.payload,
    state: { values },
    hash: view.hash,
    previous_view_id: view.previousId ?? null,
    root_view_id: view.rootId,
    app_id: world.app.id,
    app_installed_team_id: world.team.id,
    bot_id: world.app.botId,
  };
}

/** The view as it will be kept; throws what Slack has against it. */
function accepted(world: World, payload: Json, type: View["type"], replacing?: View): Json {
  const problems = validateView(payload, world.accepts);
  if (problems.length > 0) throw invalidArguments(problems);
  if (payload["type"] !== type) {
    throw invalidArguments([{ pointer: "/view/type", message: `must be a view of type ${type}` }]);
  }
  if (Buffer.byteLength(JSON.stringify(payload)) > VIEW_BYTES) throw new Refusal("view_too_large");
  const externalId = asText(payload["external_id"]) ?? "";
  const taken = [...world.views.values()].some((view) => view !== replacing && externalIdOf(view) === externalId);
  if (externalId !== "" && taken) throw new Refusal("duplicate_external_id");
  return { ...payload, blocks: withIds(asList(payload["blocks"])) };
}

function externalIdOf(view: View): string {
  return asText(view.payload["external_id"]) ?? "";
}

function mintHash(world: World): string {
  return `${Math.floor(world.now() / 1000)}.${mintSecret().slice(0, 8)}`;
}

/** Puts a modal in front of `user`, on top of what is open or instead of it. */
export function show(world: World, user: string, payload: Json, onTop: boolean): View {
  const open = onTop ? (world.modals.get(user) ?? []) : [];
  if (open.length >= DEEPEST) throw new Refusal("push_limit_reached");
  const kept = accepted(world, payload, "modal");
  const id = mintId("V");
  const hash = mintHash(world);
  const view: View = { id, user, type: "modal", rootId: open[0] ?? id, previousId: open.at(-1), hash, payload: kept };
  if (!onTop) clear(world, user);
  world.views.set(id, view);
  world.modals.set(user, [...open, id]);
  announce(world, { kind: "modal", user });
  return view;
}

export function replace(world: World, view: View, payload: Json): void {
  view.payload = accepted(world, payload, view.type, view);
  view.hash = mintHash(world);
  announce(world, { kind: view.type, user: view.user });
}

/** Takes a modal away, and with it those on top of it. */
export function dismiss(world: World, view: View): void {
  const open = world.modals.get(view.user) ?? [];
  const at = open.indexOf(view.id);
  if (at < 0) return;
  for (const id of open.slice(at)) world.views.delete(id);
  world.modals.set(view.user, open.slice(0, at));
  announce(world, { kind: "modal", user: view.user });
}

export function clear(world: World, user: string): void {
  const root = world.views.get(world.modals.get(user)?.[0] ?? "");
  if (root !== undefined) dismiss(world, root);
}

/** Uses a trigger up; throws for one that is unknown, older than 3 s or used already. */
function exchange(world: World, id: string): Trigger {
  const trigger = world.triggers.get(id);
  if (trigger === undefined) throw new Refusal("invalid_trigger_id");
  if (world.now() - trigger.issuedMs > TRIGGER_MS) throw new Refusal("expired_trigger_id");
  if (trigger.used) throw new Refusal("exchanged_trigger_id");
  return trigger;
}

const opening = z.object({ trigger_id: z.string(), view: json(record) });

function open({ world, args }: Call): Json {
  const given = read(opening, args);
  const trigger = exchange(world, given.trigger_id);
  const view = show(world, trigger.user, given.view, false);
  trigger.used = true;
  return { view: viewBody(world, view) };
}

function push({ world, args }: Call): Json {
  const given = read(opening, args);
  const trigger = exchange(world, given.trigger_id);
  const onModal = (world.modals.get(trigger.user) ?? []).includes(trigger.view ?? "");
  if (!onModal) {
    const message = "must match the `type` of the root view whose stack we're pushing onto";
    throw invalidArguments([{ pointer: "/view/type", message }]);
  }
  const view = show(world, trigger.user, given.view, true);
  trigger.used = true;
  return { view: viewBody(world, view) };
}

function update({ world, args }: Call): Json {
  const given = read(z.object({ view_id: text, external_id: text, hash: text, view: json(record) }), args);
  const view = [...world.views.values()].find((one) => {
    return given.view_id === undefined ? externalIdOf(one) === given.external_id : one.id === given.view_id;
  });
  if (view === undefined) throw new Refusal("not_found");
  if (given.hash !== undefined && given.hash !== view.hash) throw new Refusal("hash_conflict");
  replace(world, view, given.view);
  return { view: viewBody(world, view) };
}

function publish({ world, args }: Call): Json {
  const given = read(z.object({ user_id: z.string(), hash: text, view: json(record) }), args);
  const user = world.users.get(given.user_id);
  if (user === undefined) {
    throw invalidArguments([{ pointer: "/user_id", message: "invalid `user_id`" }]);
  }
  const known = world.views.get(world.homes.get(user.id) ?? "");
  if (known === undefined) {
    const payload = accepted(world, given.view, "home");
    const id = mintId("V");
    const view: View = {
      id,
      user: user.id,
      type: "home",
      rootId: id,
      previousId: undefined,
      hash: mintHash(world),
      payload,
    };
    world.views.set(id, view);
    world.homes.set(user.id, id);
    announce(world, { kind: "home", user: user.id });
    return { view: viewBody(world, view) };
  }
  if (given.hash !== undefined && given.hash !== known.hash) throw new Refusal("hash_conflict");
  replace(world, known, given.view);
  return { view: viewBody(world, known) };
}

function method(run: Method["run"]): Method {
  return { token: "bot", scopes: [], tier: "tier4", run };
}

export const viewMethods: Methods = {
  "views.open": method(open),
  "views.push": method(push),
  "views.update": method(update),
  "views.publish": method(publish),
};
