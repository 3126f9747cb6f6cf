import { note } from "../views/help.ts";
import { plannedPass } from "../views/prune.ts";
import type { Handler } from "./context.ts";
import { operatorsOnly } from "./guard.ts";

const show: Handler = async (_press, { config, housekeeper }) =>
  plannedPass(await housekeeper.plan(), config.housekeeping.timeZone);

const begin: Handler = async ({ user }, { config, housekeeper }) => {
  const where = `<#${config.slack.channel}>`;
  const begun = await housekeeper.prune(user);
  return begun === "begun"
    ? note(`:broom: The volume is being cleared: follow it in ${where}.`)
    : note(`:broom: That is under way already: follow it in ${where}, or see \`/afk report\`.`);
};

/** Looking is for everybody; clearing the volume is an operator's. */
export const prune: Handler = (press, context) =>
  press.text.split(/\s+/).includes("--dry-run") ? show(press, context) : operatorsOnly("prune", begin)(press, context);
