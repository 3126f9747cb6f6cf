import { useEffect, useState } from "react";

/** A point in time as people say it: `now`, `40 s ago`, `3 min ago`; the exact one on hover. */
export function Ago({ at }: { readonly at: string | number }) {
  const ms = typeof at === "number" ? at : Date.parse(at);
  const now = useNow();
  return (
    <time dateTime={new Date(ms).toISOString()} title={new Date(ms).toLocaleString()}>
      {ago(Math.max(0, now - ms))}
    </time>
  );
}

function ago(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 5) return "now";
  if (seconds < 60) return `${seconds - (seconds % 5)} s ago`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ago` : `${Math.floor(minutes / 60)} h ago`;
}

export function clock(ms: number): string {
  return new Date(ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 5_000);
    return () => clearInterval(timer);
  }, []);
  return Math.max(now, Date.now());
}
