// One stand-in server on a loopback port of its own: an Express app and, where wanted, WebSocket upgrades.
//
// States: listening → off (the port refuses connections, as a service that is down) → listening again on the same
// port → closed. Every request is an `Exchange`, numbered per service from 1; an `Intercept` may look at it before
// it takes effect and after it took effect but before its answer leaves, and may cut the connection there. The
// stand-ins' own logic knows nothing of that.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import express, { type Express } from "express";

export type Exchange = {
  readonly service: string;
  readonly n: number;
  readonly method: string;
  readonly path: string;
  /** The `authorization` header as it came: who asks. */
  readonly authorization: string | undefined;
};

/** What happens to an exchange at a point: it goes on, its connection is cut, or it is answered with a bare status. */
export type Fault =
  | { readonly do: "cut" }
  | {
      readonly do: "answer";
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    };

export type Intercept = {
  /** Before the server has seen the request. */
  before?(exchange: Exchange): Promise<Fault | undefined>;
  /** After the server acted, before the first byte of the answer's end leaves. Only `cut` makes sense here. */
  after?(exchange: Exchange): Promise<Fault | undefined>;
};

export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export type Listener = AsyncDisposable & {
  readonly service: string;
  /** `http://127.0.0.1:<port>`, no trailing slash. Stays the same while the listener is off. */
  readonly url: string;
  readonly port: number;
  /** Exchanges seen so far, WebSocket upgrades included. */
  count(): number;
  intercept(intercept: Intercept | undefined): void;
  /** Refuses connections and cuts the open ones, as a service that is down. The server's state stays. */
  off(): Promise<void>;
  on(): Promise<void>;
  close(): Promise<void>;
};

export type ListenOptions = {
  readonly service: string;
  /** 0 = any free port. */
  readonly port?: number;
  readonly upgrade?: Upgrade;
  routes(app: Express): void;
};

/** Starts a server for `routes` on 127.0.0.1. Rejects where the port is taken. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { service } = options;
  const app = express();
  app.disable("x-powered-by");
  app.set("etag", false);
  options.routes(app);

  let seen = 0;
  let intercept: Intercept | undefined;
  const sockets = new Set<Socket>();

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange = exchangeOf(request);
    const fault = await intercept?.before?.(exchange);
    if (fault !== undefined) return suffer(fault, response);
    const after = intercept?.after;
    if (after !== undefined) holdEnd(response, () => after(exchange));
    app(request, response);
  }

  function exchangeOf(request: IncomingMessage): Exchange {
    seen += 1;
    const { method = "GET", url = "/", headers } = request;
    return { service, n: seen, method, path: url, authorization: headers.authorization };
  }

  function build(): Server {
    const server = createServer((request, response) => {
      serve(request, response).catch((error: unknown) => {
        console.error(`${service}: ${String(error)}`);
        response.destroy();
      });
    });
    server.keepAliveTimeout = 5_000;
    server.on("connection", (socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    });
    server.on("upgrade", (request, socket, head) => {
      upgrade(request, socket, head).catch(() => socket.destroy());
    });
    return server;
  }

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const exchange = exchangeOf(request);
    const fault = await intercept?.before?.(exchange);
    if (fault?.do === "answer") {
      socket.end(`HTTP/1.1 ${fault.status} Refused\r\nConnection: close\r\n\r\n`);
      return;
    }
    if (fault !== undefined || options.upgrade === undefined) {
      socket.destroy();
      return;
    }
    options.upgrade(request, socket, head);
    if ((await intercept?.after?.(exchange)) !== undefined) socket.destroy();
  }

  let server: Server | undefined = build();
  await bind(server, options.port ?? 0);
  const port = (server.address() as AddressInfo).port;

  async function off(): Promise<void> {
    const stopping = server;
    if (stopping === undefined) return;
    server = undefined;
    const closed = new Promise<void>((resolve) => stopping.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  async function on(): Promise<void> {
    if (server !== undefined) return;
    server = build();
    await bind(server, port);
  }

  return {
    service,
    url: `http://127.0.0.1:${port}`,
    port,
    count: () => seen,
    intercept(next) {
      intercept = next;
    },
    off,
    on,
    close: off,
    [Symbol.asyncDispose]: off,
  };
}

function bind(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function suffer(fault: Fault, response: ServerResponse): void {
  if (fault.do === "cut") response.socket?.destroy();
  else response.writeHead(fault.status, fault.headers ?? {}).end(fault.body ?? "");
}

/** Delays the answer's end until `hold` has decided, so that whatever the route did has already taken effect. */
function holdEnd(response: ServerResponse, hold: () => Promise<Fault | undefined>): void {
  const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse;
  const held = (...args: unknown[]): ServerResponse => {
    hold().then(
      (fault) => (fault === undefined ? end(...args) : suffer(fault, response)),
      () => response.socket?.destroy(),
    );
    return response;
  };
  response.end = held as typeof response.end;
}
