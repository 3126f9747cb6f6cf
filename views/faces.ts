import type { Run } from "../src/domain/run.ts";

/** The emoji of each state, by its name. */
export const FACES: Record<Run["state"]["name"], string> = {
  preparing: "hammer_and_wrench",
  working: "robot_face",
  verifying: "mag",
  fixing: "wrench",
  blocked: "octagonal_sign",
  frozen: "ice_cube",
  deployed: "rocket",
  abandoned: "wastebasket",
  "handed-over": "handshake",
};
