// Hours in which nobody is woken, by the clock of a time zone.

/** Minutes since midnight there. Over midnight where `from` is later than `to`; the same = no hours are quiet. */
export type QuietHours = {
  readonly from: number;
  readonly to: number;
  /** Saturdays and Sundays are quiet all day. */
  readonly weekends: boolean;
  readonly timeZone: string;
};

const DAY = 24 * 60;
const MINUTE_MS = 60_000;
/** A weekend, with the nights before and after it, is three stretches; a clock that is put forward adds one. */
const MOST_STRETCHES = 6;

/** The first time from `at` on that is not quiet, in UTC milliseconds. */
export function afterQuiet(at: number, quiet: QuietHours): number {
  let time = at;
  for (let stretch = 0; stretch < MOST_STRETCHES; stretch += 1) {
    const minutes = quietFor(time, quiet);
    if (minutes === 0) return time;
    // To the full minute: the clock there shows no seconds.
    time = Math.floor(time / MINUTE_MS) * MINUTE_MS + minutes * MINUTE_MS;
  }
  return time;
}

/** Minutes that the stretch of quiet around the time still takes; 0 = it is not quiet. */
function quietFor(time: number, { from, to, weekends, timeZone }: QuietHours): number {
  const { day, minute } = clockAt(time, timeZone);
  if (weekends && (day === "Sat" || day === "Sun")) return DAY - minute;
  if (from < to) return minute >= from && minute < to ? to - minute : 0;
  if (from === to) return 0;
  if (minute >= from) return DAY - minute + to;
  return minute < to ? to - minute : 0;
}

function clockAt(time: number, timeZone: string): { readonly day: string; readonly minute: number } {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const parts = new Map(format.formatToParts(time).map(({ type, value }) => [type, value]));
  return { day: parts.get("weekday") ?? "", minute: Number(parts.get("hour")) * 60 + Number(parts.get("minute")) };
}
