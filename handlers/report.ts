import { report } from "../views/report.ts";
import type { Handler } from "./context.ts";

/** As it is posted in the morning; in an answer to a command Slack is only sent the classic blocks. */
export const showReport: Handler = async (_press, { config, housekeeper }) => {
  const { text, classic } = report(await housekeeper.report(), config.housekeeping.timeZone);
  return { text, blocks: classic };
};
