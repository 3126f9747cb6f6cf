import type { Run } from "../src/domain/run.ts";

const FACES: Record<Run["state"]["name"], string> = {
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

/** The emoji of what a run does or waits for, by its name. */
export function faceOf({ state }: Run): string {
  const isAsking = "asked" in state && state.asked !== undefined && "stop" in state && state.stop === null;
  return isAsking ? "raised_hand" : FACES[state.name];
}
