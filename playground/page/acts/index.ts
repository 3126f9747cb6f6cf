// Every act by its name: what a person does on the page, done in the world.

import { repo } from "../../world/team.ts";
import type { World } from "../../world/world.ts";
import type { Controls } from "../controls.ts";
import type { Act, Acted, Service } from "../protocol.ts";
import * as github from "./github.ts";
import * as slack from "./slack.ts";

type Performers = { readonly [Name in Act["do"]]: (act: Extract<Act, { do: Name }>) => Acted | Promise<Acted> };

const done: Acted = { ok: true };

const NAMES: Readonly<Record<Service, string>> = { github: "GitHub", slack: "Slack", t3: "T3", cluster: "The cluster" };

/** Never rejects: what cannot be done comes back in words. */
export function performerOf(world: World, controls: Controls): (act: Act) => Promise<Acted> {
  const on = { github: world.github, repo };
  const person = (id: string) => world.slack.as(id);
  const { cockpit } = world.t3;
  const performers: Performers = {
    "slack.write": (act) => slack.write(person(act.as), world.slack.users(), act),
    "slack.press": (act) => slack.press(person(act.as), act),
    "slack.submit": (act) => slack.submit(person(act.as), act),
    "slack.close": (act) => slack.close(person(act.as), act),
    "slack.home": ({ as }) => {
      person(as).openHome();
      return done;
    },
    "github.file": (act) => github.file(on, act),
    "github.label": (act) => github.label(on, act),
    "github.comment": (act) => github.comment(on, act),
    "github.state": (act) => github.setState(on, act),
    "t3.send": ({ session, text }) => {
      cockpit.send(session, text);
      return done;
    },
    "t3.interrupt": ({ session }) => {
      cockpit.interrupt(session);
      return done;
    },
    "t3.stop": ({ session }) => {
      cockpit.stop(session);
      return done;
    },
    "t3.approve": ({ session, request, allow }) => {
      cockpit.approve(session, request, allow ? "accept" : "decline");
      return done;
    },
    "t3.answer": ({ session, request, answers }) => {
      cockpit.answer(session, request, answers);
      return done;
    },
    "chaos.service": async ({ service, up }) => {
      await controls.turn(service, up);
      return done;
    },
    "chaos.limit": ({ service }) => {
      controls.limit(service);
      return done;
    },
    "chaos.kill": () => {
      controls.kill();
      return done;
    },
    "chaos.restartT3": async () => {
      await controls.restartT3();
      return done;
    },
    "chaos.fill": ({ full }) => controls.fill(full),
  };

  return async (act) => {
    const [prefix = ""] = act.do.split(".");
    const { services } = controls.look();
    if (isService(prefix) && !services[prefix].up) {
      return { ok: false, shown: `${NAMES[prefix]} is switched off. Switch it on again in the chaos panel.` };
    }
    try {
      // The union of performers takes the intersection of acts, which the table rules out.
      return await (performers[act.do] as (act: Act) => Acted | Promise<Acted>)(act);
    } catch (error) {
      return { ok: false, shown: error instanceof Error ? error.message : String(error) };
    }
  };
}

function isService(name: string): name is Service {
  return name in NAMES;
}
