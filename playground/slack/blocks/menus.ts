// Elements in which a person picks something from a list: menus, boxes, radio buttons, overflow.
// docs.slack.dev/reference/block-kit/block-elements.

import { z } from "zod";
import {
  actionId,
  boxOption,
  confirm,
  conversationFilter,
  menuOption,
  optionGroup,
  overflowOption,
  placeholder,
} from "./compose.ts";

const common = { action_id: actionId, confirm };
const focus = { focus_on_load: z.boolean().optional() };
const menu = { ...common, ...focus, placeholder };
const several = { ...menu, max_selected_items: z.number().int().min(1).optional() };
const groups = z.array(optionGroup).min(1).max(100).optional();
const options = z.array(menuOption).min(1).max(100).optional();

type Listed = {
  readonly options?: readonly Choice[] | undefined;
  readonly option_groups?: readonly Group[] | undefined;
};
type Choice = { readonly value: string };
type Group = { readonly options: readonly Choice[] };

function hasOneList(menu: Listed): boolean {
  return (menu.options === undefined) !== (menu.option_groups === undefined);
}

function offers(menu: Listed, initial: readonly Choice[]): boolean {
  const all = [...(menu.options ?? []), ...(menu.option_groups ?? []).flatMap((group) => group.options)];
  return initial.every((chosen) => all.some((option) => option.value === chosen.value));
}

const ONE_LIST = "must define either `options` or `option_groups`";
const OFFERED = "initial options must match the options provided";

export const staticSelect = z
  .strictObject({
    type: z.literal("static_select"),
    ...menu,
    options,
    option_groups: groups,
    initial_option: menuOption.optional(),
  })
  .refine(hasOneList, ONE_LIST)
  .refine((menu) => offers(menu, menu.initial_option ? [menu.initial_option] : []), OFFERED);

export const multiStaticSelect = z
  .strictObject({
    type: z.literal("multi_static_select"),
    ...several,
    options,
    option_groups: groups,
    initial_options: z.array(menuOption).min(1).max(100).optional(),
  })
  .refine(hasOneList, ONE_LIST)
  .refine((menu) => offers(menu, menu.initial_options ?? []), OFFERED);

export const overflow = z.strictObject({
  type: z.literal("overflow"),
  ...common,
  options: z.array(overflowOption).min(1).max(5),
});

export const checkboxes = z
  .strictObject({
    type: z.literal("checkboxes"),
    ...common,
    ...focus,
    options: z.array(boxOption).min(1).max(10),
    initial_options: z.array(boxOption).min(1).max(10).optional(),
  })
  .refine((boxes) => offers(boxes, boxes.initial_options ?? []), OFFERED);

export const radioButtons = z
  .strictObject({
    type: z.literal("radio_buttons"),
    ...common,
    ...focus,
    options: z.array(boxOption).min(1).max(10),
    initial_option: boxOption.optional(),
  })
  .refine((radio) => offers(radio, radio.initial_option ? [radio.initial_option] : []), OFFERED);

const minQuery = z.number().int().min(1).optional();
const some = z.array(z.string()).optional();
const conversations = {
  default_to_current_conversation: z.boolean().optional(),
  filter: conversationFilter,
};
const respondable = { response_url_enabled: z.boolean().optional() };

/** Menus whose choices Slack or the app fills in. */
export const filledMenus = [
  z.strictObject({
    type: z.literal("external_select"),
    ...menu,
    min_query_length: minQuery,
    initial_option: menuOption.optional(),
  }),
  z.strictObject({
    type: z.literal("multi_external_select"),
    ...several,
    min_query_length: minQuery,
    initial_options: z.array(menuOption).min(1).max(100).optional(),
  }),
  z.strictObject({ type: z.literal("users_select"), ...menu, initial_user: z.string().optional() }),
  z.strictObject({ type: z.literal("multi_users_select"), ...several, initial_users: some }),
  z.strictObject({
    type: z.literal("conversations_select"),
    ...menu,
    ...conversations,
    ...respondable,
    initial_conversation: z.string().optional(),
  }),
  z.strictObject({
    type: z.literal("multi_conversations_select"),
    ...several,
    ...conversations,
    initial_conversations: some,
  }),
  z.strictObject({
    type: z.literal("channels_select"),
    ...menu,
    ...respondable,
    initial_channel: z.string().optional(),
  }),
  z.strictObject({ type: z.literal("multi_channels_select"), ...several, initial_channels: some }),
] as const;
