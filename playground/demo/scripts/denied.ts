import { channel } from "../../world/team.ts";
import { asking, guest, press, repliesOf, toldTo } from "../people.ts";
import { factsOf } from "./facts.ts";
import type { Script } from "./script.ts";

const PRESSES = ["retry.v1", "unblock.v1", "abandon.v1"];
const COMMANDS = ["unblock {} go on", "abandon {} not wanted", "pause"];

export const denied: Script = {
  does: "somebody without the right presses and types; nothing happens, and they are told who may",
  limitMs: 120_000,
  async play(scene) {
    const { world, tell, until, look } = scene;
    const issue = scene.createIssue("Round the quotes", "To whole cents.\n\nScripted agent: no-commit");
    scene.release(issue);
    const asked = await asking(scene, issue, "unblock.v1");
    for (const action of PRESSES) await press(scene, guest.id, asked, action);
    for (const text of COMMANDS.map((command) => command.replace("{}", String(issue)))) {
      tell(`Slack    <${guest.id}> types /afk ${text}`);
      await world.slack.as(guest.id).command("/afk", text, channel.id);
    }
    const refusals = await until("a refusal of each", () => {
      const said = toldTo(scene, guest.id).filter(({ text }) => text.includes("Only operators may do that"));
      return said.length === PRESSES.length + COMMANDS.length && said.length;
    });
    tell(`Slack    <${guest.id}> alone is told ${refusals} times who may`);
    const untouched = repliesOf(scene, issue).find(({ ts }) => ts === asked.ts)?.text === asked.text;
    const forms = world.slack.as(guest.id).modals().length;
    const sight = await look(issue);
    return { ok: untouched && forms === 0 && sight.state === "blocked", refusals, forms, ...factsOf(sight) };
  },
};
