// Every HTTP request of the process, whichever library sends it: they all use Node's fetch, which tells of each on
// diagnostics channels (nodejs/undici, docs/api/DiagnosticsChannel.md). A request is its service's by its origin.

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Counter, Histogram, type Registry } from "prom-client";
import { z } from "zod";

export type CallMetrics = {
  /** From now on requests to these URLs' origins are counted as the service's. */
  name(services: Readonly<Record<string, string>>): void;
  close(): void;
};

const request = z.object({ origin: z.union([z.string(), z.instanceof(URL)]) });
const answered = z.object({ request, response: z.object({ statusCode: z.number() }) });
const failed = z.object({ request });

export function createCallMetrics(registry: Registry): CallMetrics {
  const registers = [registry];
  const calls = new Counter({
    name: "afk_api_calls_total",
    help: "HTTP requests, by service and answer: its status, or error for none.",
    labelNames: ["service", "status"],
    registers,
  });
  const seconds = new Histogram({
    name: "afk_api_call_seconds",
    help: "From a request to the head of its answer.",
    labelNames: ["service"],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20],
    registers,
  });
  const services = new Map<string, string>();
  const began = new WeakMap<object, number>();

  function count(raw: object, origin: string | URL, status: string): void {
    const service = services.get(String(origin)) ?? "other";
    calls.inc({ service, status });
    const since = began.get(raw);
    if (since !== undefined && status !== "error") seconds.observe({ service }, (performance.now() - since) / 1000);
    began.delete(raw);
  }

  const onCreate = (message: unknown): void => {
    const { request: raw } = message as { request: object };
    began.set(raw, performance.now());
  };
  const onHeaders = (message: unknown): void => {
    const seen = answered.safeParse(message).data;
    if (seen === undefined) return;
    count((message as { request: object }).request, seen.request.origin, String(seen.response.statusCode));
  };
  const onError = (message: unknown): void => {
    const seen = failed.safeParse(message).data;
    // A body that breaks off after its head was counted with its head.
    if (seen === undefined || !began.has((message as { request: object }).request)) return;
    count((message as { request: object }).request, seen.request.origin, "error");
  };
  const channels = [
    ["undici:request:create", onCreate],
    ["undici:request:headers", onHeaders],
    ["undici:request:error", onError],
  ] as const;
  for (const [channel, listener] of channels) subscribe(channel, listener);

  return {
    name(wanted) {
      services.clear();
      for (const [service, url] of Object.entries(wanted)) services.set(new URL(url).origin, service);
    },
    close() {
      for (const [channel, listener] of channels) unsubscribe(channel, listener);
    },
  };
}
