// Slack's side of the bot: what people type and press, with what the handlers may use.

import type { HandlerContext } from "../../handlers/context.ts";
import { showHome } from "../../handlers/home.ts";
import { buttons, forms, runCommand } from "../../handlers/index.ts";
import { steer } from "../../handlers/steer.ts";
import type { FormId } from "../../views/actions.ts";
import { outdated } from "../../views/too-late.ts";
import type { FormEntered, People } from "../slack/listen.ts";

export function peopleOf(context: HandlerContext): People {
  const formOf = ({ form }: FormEntered) => (isKey(forms, form) ? forms[form as FormId] : undefined);
  return {
    onCommand: (press) => runCommand(press, context),
    async onButton(press) {
      const { action } = press;
      return isKey(buttons, action) ? await buttons[action](press, context) : { say: outdated };
    },
    checkForm: (press) => formOf(press)?.check?.(press, context),
    onMention: (mention) => steer(mention, context),
    homeFor: (user) => showHome(user, context),
    async onForm(press) {
      const handler = formOf(press);
      return handler === undefined ? outdated : await handler.submit(press, context);
    },
  };
}

function isKey<T extends object>(record: T, key: string): key is Extract<keyof T, string> {
  return Object.hasOwn(record, key);
}
