import { useEffect } from "react";
import type { SlackSection } from "../../protocol.ts";
import { act } from "../act.ts";
import { Blocks } from "./blocks.tsx";
import type { Surface } from "./surface.ts";

/** The app's Home tab. Opening it is an event that the app may answer with a view. */
export function Home({ slack, as }: { readonly slack: SlackSection; readonly as: string }) {
  useEffect(() => {
    void act({ do: "slack.home", as });
  }, [as]);
  const { home } = slack;
  if (home === null) return <p className="empty">{slack.app.name} has nothing on its Home tab.</p>;
  const surface: Surface = {
    press: (action, block, choice) => {
      const picked = choice === undefined ? {} : { choice: typeof choice === "string" ? choice : [...choice] };
      return act({ do: "slack.press", as, at: { view: home.id }, action, block, ...picked });
    },
  };
  return (
    <div className="home">
      <Blocks blocks={home.blocks} surface={surface} />
    </div>
  );
}
