// The bot's own HTTP server: /healthz, /readyz, /metrics. Nothing on it changes anything.

import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import { AfkError, messageOf } from "../errors.ts";
import type { Health } from "./health.ts";
import type { Metrics } from "./metrics.ts";

export type HttpServer = { stop(): Promise<void> };

/** Resolves once it listens. Throws `config` where it cannot. */
export async function startHttp(parts: {
  readonly host: string;
  readonly port: number;
  readonly health: Health;
  readonly metrics: Pick<Metrics, "text">;
  readonly log: Logger;
}): Promise<HttpServer> {
  const { host, port, health, metrics, log } = parts;
  const routes: Readonly<Record<string, (response: ServerResponse) => void | Promise<void>>> = {
    "/healthz"(response) {
      const dead = health.dead();
      if (dead === undefined) send(response, 200, "text/plain; charset=utf-8", "ok\n");
      else send(response, 503, "text/plain; charset=utf-8", `${dead}\n`);
    },
    "/readyz"(response) {
      const report = health.ready();
      send(response, report.ready ? 200 : 503, "application/json", `${JSON.stringify(report)}\n`);
    },
    async "/metrics"(response) {
      const { type, body } = await metrics.text();
      send(response, 200, type, body);
    },
  };

  const server = createServer((request, response) => {
    const path = request.url?.split("?")[0] ?? "";
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (route === undefined)
      send(response, 404, "text/plain; charset=utf-8", `try ${Object.keys(routes).join(", ")}\n`);
    else if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      send(response, 405, "text/plain; charset=utf-8", "only GET and HEAD\n");
    } else void answer(route, response, path);
  });

  async function answer(route: (typeof routes)[string], response: ServerResponse, path: string): Promise<void> {
    try {
      await route(response);
    } catch (error) {
      log.error({ path, why: messageOf(error) }, "health page failed");
      send(response, 500, "text/plain; charset=utf-8", "failed, see the log\n");
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => {
      const text = `http: cannot listen on ${host} port ${port}: ${messageOf(error)}. Set http.port to a free one.`;
      reject(new AfkError("config", text, error));
    });
    server.listen(port, host, resolve);
  });
  log.info({ host, port: (server.address() as AddressInfo).port }, "health pages served");

  return {
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
}
