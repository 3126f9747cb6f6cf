// All that the page shows, read from the world at each look.

import { cluster as clusterNames, repo, slackUsers } from "../../world/team.ts";
import type { World } from "../../world/world.ts";
import type { Controls } from "../controls.ts";
import type { Eyes } from "../serve.ts";
import { startTour } from "../tour/tour.ts";
import { lookAtCluster } from "./cluster.ts";
import { lookAtCockpit } from "./cockpit.ts";
import { openGitHub } from "./github.ts";
import { lookAtSlack } from "./slack.ts";

export async function openEyes(world: World, controls: Controls, agent: string | null): Promise<Eyes & Disposable> {
  const github = await openGitHub(world.github, repo);
  const tour = startTour({ scripted: agent === null });
  return {
    look(as) {
      const common = {
        github: github.look(),
        cluster: lookAtCluster(world.cluster, clusterNames.namespace),
        cockpit: lookAtCockpit(world.t3, agent),
        controls: controls.look(),
      };
      const slack = lookAtSlack(world.slack, as);
      const whispers = slackUsers.flatMap(({ id }) => lookAtSlack(world.slack, id).messages);
      return { ...common, slack, tour: tour.look({ ...common, slack, whispers }) };
    },
    [Symbol.dispose]: () => github[Symbol.dispose](),
  };
}
