// How the volume filled, as a chart for workspaces that take one, and in characters for all.

import type { Forecast, TrendPoint } from "../src/domain/trend.ts";
import { percentText } from "./bytes.ts";

/** docs.slack.dev/reference/block-kit/blocks/data-visualization-block; not yet in @slack/types. */
export function trendChart(points: readonly TrendPoint[], timeZone: string): Readonly<Record<string, unknown>> {
  const labels = points.map(({ at }) => dayText(at, timeZone));
  const series = (name: string, of: (point: TrendPoint) => number) => ({
    name,
    data: points.map((point, index) => ({ label: labels[index], value: Math.round(of(point) * 1_000) / 10 })),
  });
  const files = points.some((point) => point.files !== null && point.files > FILES_MATTER);
  return {
    type: "data_visualization",
    title: "Volume in use, last 30 days",
    chart: {
      type: "line",
      series: [
        series("Space", ({ bytes }) => bytes),
        ...(files ? [series("Files (inodes)", (point) => point.files ?? 0)] : []),
      ],
      axis_config: { categories: labels, y_label: "% in use" },
    },
  };
}

const FILES_MATTER = 0.5;
const BARS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/** `▂▂▃▅▆`, from an empty volume to a full one. */
export function sparkline(points: readonly TrendPoint[]): string {
  return points
    .map(({ bytes }) => BARS[Math.min(BARS.length - 1, Math.max(0, Math.floor(bytes * BARS.length)))])
    .join("");
}

/** From the first point to the last, in words. */
export function trendText(points: readonly TrendPoint[]): string {
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined || first === last) return "";
  return `${percentText(first.bytes)} → ${percentText(last.bytes)} in ${Math.max(1, Math.round((last.at - first.at) / DAY_MS))} days`;
}

export function forecastText(forecast: Forecast): string {
  if (!forecast.known) return "no forecast yet";
  const { days } = forecast.value;
  if (days === null) return "not filling up";
  if (days === 0) return "full within a day at this pace";
  return `full in ${days === 1 ? "a day" : `${days} days`} at this pace`;
}

export function dayText(at: number, timeZone: string): string {
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone }).format(at);
}

const DAY_MS = 24 * 3_600_000;
