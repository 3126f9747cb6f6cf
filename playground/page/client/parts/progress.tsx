// One look for whatever is queued, runs, or has ended, in CI and in sessions alike.

import { BusyIcon, DoneIcon, FailedIcon, SkippedIcon, WaitIcon } from "./icons.tsx";

export type Tone = "good" | "bad" | "warn" | "busy" | "idle";

function toneOf(status: string, conclusion: string | null): Tone {
  if (status !== "completed") return status === "in_progress" ? "busy" : "idle";
  if (conclusion === "success") return "good";
  if (conclusion === "skipped" || conclusion === "neutral" || conclusion === "cancelled") return "idle";
  return "bad";
}

export function ProgressIcon({ status, conclusion }: { readonly status: string; readonly conclusion: string | null }) {
  const tone = toneOf(status, conclusion);
  const words = conclusion ?? status.replaceAll("_", " ");
  return (
    <span className="progress-icon" data-tone={tone} role="img" aria-label={words} title={words}>
      {tone === "good" && <DoneIcon />}
      {tone === "bad" && <FailedIcon />}
      {tone === "busy" && <BusyIcon />}
      {tone === "idle" && (status === "completed" ? <SkippedIcon /> : <WaitIcon />)}
    </span>
  );
}
