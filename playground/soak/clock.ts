// The machine's clock, for one process that preloads this by NODE_OPTIONS. The file that SOAK_CLOCK names holds what is
// wrong with it as JSON: `offsetMs`, by which it is off, and `zone`, the time zone that the machine is in. Timers count the
// time that has passed, as those of a real machine do, and know nothing of it.

import { readFileSync } from "node:fs";

const LOOK_MS = 100;
const file = process.env["SOAK_CLOCK"] ?? "";
const RealDate = Date;
const realNow = Date.now;
let offsetMs = 0;

function look(): void {
  try {
    const wrong = JSON.parse(readFileSync(file, "utf8")) as { readonly offsetMs: number; readonly zone: string };
    offsetMs = wrong.offsetMs;
    // Node reads its zone anew when this is set.
    if (process.env["TZ"] !== wrong.zone) process.env["TZ"] = wrong.zone;
  } catch {
    // Nothing is wrong with it, or it is just being written.
  }
}

function wrongNow(): number {
  return realNow() + offsetMs;
}

look();
setInterval(look, LOOK_MS).unref();
Date.now = wrongNow;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, made) =>
    Reflect.construct(target, args.length === 0 ? [wrongNow()] : args, made === globalThis.Date ? target : made),
  apply: () => new RealDate(wrongNow()).toString(),
});
