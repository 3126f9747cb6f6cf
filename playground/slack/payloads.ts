// What Slack sends for an interaction, docs.slack.dev/reference/interaction-payloads.

import type { Control } from "./controls.ts";
import { actionOf, type Choice, keyOf, valuesOf } from "./controls.ts";
import { asList, type Json, records } from "./json.ts";
import { messageBody } from "./messages.ts";
import {
  type Ephemeral,
  type Message,
  mintResponseUrl,
  mintTrigger,
  mintTs,
  type User,
  type View,
  type World,
} from "./state.ts";
import { viewBody } from "./views.ts";

function common(world: World, user: User): Json {
  return {
    token: "playground",
    api_app_id: world.app.id,
    team: { id: world.team.id, domain: world.team.domain },
    user: { id: user.id, username: user.name, name: user.name, team_id: world.team.id },
    enterprise: null,
    is_enterprise_install: false,
  };
}

export function commandPayload(world: World, user: User, command: string, text: string, channel: string): Json {
  return {
    token: "playground",
    team_id: world.team.id,
    team_domain: world.team.domain,
    channel_id: channel,
    channel_name: world.channels.get(channel)?.name ?? "",
    user_id: user.id,
    user_name: user.name,
    command,
    text,
    api_app_id: world.app.id,
    is_enterprise_install: "false",
    response_url: mintResponseUrl(world, { user: user.id, channel }),
    trigger_id: mintTrigger(world, user.id),
  };
}

function isEphemeral(pressed: Message | Ephemeral): pressed is Ephemeral {
  return "to" in pressed;
}

/** A press or pick in a message. An ephemeral message is not sent along, as Slack does not keep it. */
export function messageActionPayload(
  world: World,
  user: User,
  pressed: Message | Ephemeral,
  control: Control,
  choice: Choice | undefined,
): Json {
  const ephemeral = isEphemeral(pressed);
  const { channel, ts } = pressed;
  const thread = pressed.threadTs === undefined ? {} : { thread_ts: pressed.threadTs };
  return {
    type: "block_actions",
    ...common(world, user),
    container: { type: "message", message_ts: ts, channel_id: channel, is_ephemeral: ephemeral, ...thread },
    trigger_id: mintTrigger(world, user.id),
    channel: { id: channel, name: world.channels.get(channel)?.name ?? "" },
    ...(ephemeral ? {} : { message: messageBody(world, pressed, true) }),
    state: { values: valuesOf(pressed.blocks, chosenBy(control, choice)) },
    response_url: mintResponseUrl(world, { user: user.id, channel, messageTs: ts }),
    actions: [actionOf(control, choice, mintTs(world))],
  };
}

export function viewActionPayload(
  world: World,
  user: User,
  view: View,
  control: Control,
  choice: Choice | undefined,
): Json {
  const values = valuesOf(records(view.payload["blocks"]), chosenBy(control, choice));
  return {
    type: "block_actions",
    ...common(world, user),
    container: { type: "view", view_id: view.id },
    trigger_id: mintTrigger(world, user.id, view.id),
    view: viewBody(world, view, values),
    actions: [actionOf(control, choice, mintTs(world))],
  };
}

function chosenBy(control: Control, choice: Choice | undefined): ReadonlyMap<string, Choice> {
  return new Map(choice === undefined ? [] : [[keyOf(control), choice]]);
}

export function submissionPayload(world: World, user: User, view: View, chosen: ReadonlyMap<string, Choice>): Json {
  return {
    type: "view_submission",
    ...common(world, user),
    trigger_id: mintTrigger(world, user.id, view.id),
    view: viewBody(world, view, valuesOf(records(view.payload["blocks"]), chosen)),
    response_urls: [],
  };
}

export function closingPayload(world: World, user: User, view: View, isCleared: boolean): Json {
  const values = valuesOf(records(asList(view.payload["blocks"])), new Map());
  return { type: "view_closed", ...common(world, user), view: viewBody(world, view, values), is_cleared: isCleared };
}
