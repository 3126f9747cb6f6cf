// What is there at a moment, in a few words for each service: with the request itself it names the moment.

import type { Exchange } from "../listener.ts";
import { cluster as clusterNames } from "../world/team.ts";
import { look } from "./look.ts";
import type { Stage } from "./stage.ts";

/** `issue` is undefined until the maintainer has filed it. */
export function momentOf(exchange: Exchange, stage: Stage, issue: number | undefined): string {
  const { service, method, path } = exchange;
  return `${service} ${method} ${shapeOf(path)} | ${situationOf(service, stage, issue)}`;
}

/** The path without what differs from one world to the next. */
function shapeOf(path: string): string {
  const { pathname, searchParams } = new URL(path, "http://stand-in");
  const names = [...searchParams.keys()].filter((name) => name !== "wsTicket" && name !== "ticket").sort();
  const shape = pathname.replaceAll(/(?<=\/pods\/)[^/]+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{20,}|\d{3,}/g, "*");
  return names.length === 0 ? shape : `${shape}?${names.join("&")}`;
}

function situationOf(service: string, stage: Stage, issue: number | undefined): string {
  switch (service) {
    case "t3":
      return stage.t3
        .threads()
        .map(({ messages, session, activities }) => {
          const said = messages.map(({ role }) => role.slice(0, 1)).join("");
          const asks = activities.filter(({ kind }) => /requested|resolved/.test(kind)).length;
          return `${said || "-"} ${session?.status ?? "none"}${asks === 0 ? "" : ` ${asks} asked`}`;
        })
        .join(", ");
    case "github": {
      if (issue === undefined) return "no issue";
      const { labels, comments, closed } = look(stage, issue);
      const told = comments.length === 0 ? "" : " told";
      return `${[...labels].sort().join("+") || "-"}${told}${closed ? " closed" : ""} ${stage.pushes()} pushed`;
    }
    case "slack": {
      if (issue === undefined) return "nothing";
      const { card, replies, volume } = look(stage, issue);
      const told = volume.told.map((text) => ` ${/^:\w+:/.exec(text)?.[0] ?? "told"}`);
      return `${card ?? "-"} ${replies.length}${told.join("")}`;
    }
    default:
      return `${clusterNames.deployment} after ${stage.pushes()} pushes`;
  }
}
