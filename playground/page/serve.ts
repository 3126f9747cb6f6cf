// The page's server on a loopback port: one document with its program and styles, a stream of what there is to see, and
// one place where acts come in. It looks at the world a few times a second, and only while somebody watches.

import express, { type Express, type Request, type Response } from "express";
import { type Listener, listen } from "../listener.ts";
import { slackUsers } from "../world/team.ts";
import type { Bundle } from "./bundle.ts";
import { Act, type Acted, type Sections } from "./protocol.ts";

export type Eyes = {
  /** All that there is, as this Slack user sees it. */
  look(as: string): Sections;
};

export type PageOptions = {
  /** 0 = any free port. */
  readonly port: number;
  readonly bundle: Bundle;
  readonly eyes: Eyes;
  perform(act: Act): Promise<Acted>;
};

const LOOK_EVERY_MS = 200;
/** Streams that say nothing for long are cut by some. */
const BREATH_EVERY_MS = 15_000;

type Watcher = { readonly as: string; readonly response: Response; readonly sent: Map<string, string> };

/** Rejects where the port is taken. */
export async function servePage(options: PageOptions): Promise<Listener> {
  const watchers = new Set<Watcher>();
  const listener = await listen({ service: "page", port: options.port, routes: (app) => routes(app) });
  const looking = setInterval(() => {
    for (const watcher of watchers) show(watcher);
  }, LOOK_EVERY_MS);
  const breathing = setInterval(() => {
    for (const { response } of watchers) response.write(": still here\n\n");
  }, BREATH_EVERY_MS);

  function show({ as, response, sent }: Watcher): void {
    // Latest wins: a reader that is behind gets the next look instead of this one.
    if (response.writableNeedDrain) return;
    for (const [section, value] of Object.entries(options.eyes.look(as))) {
      const text = JSON.stringify(value);
      if (sent.get(section) === text) continue;
      sent.set(section, text);
      response.write(`event: ${section}\ndata: ${text}\n\n`);
    }
  }

  function routes(app: Express): void {
    const { script, style } = options.bundle;
    app.use((request, response, next) => {
      if (isOurs(request)) next();
      else response.status(403).type("text/plain").send("This page answers only to itself.");
    });
    app.get("/", (_request, response) => {
      response.set("content-security-policy", POLICY).type("html").send(DOCUMENT);
    });
    app.get("/page.js", (_request, response) => void response.type("text/javascript").send(script));
    app.get("/page.css", (_request, response) => void response.type("text/css").send(style));
    app.get("/events", (request, response) => {
      const as = slackUsers.find(({ id }) => id === request.query["as"])?.id ?? slackUsers[0].id;
      response.set({ "content-type": "text/event-stream", "cache-control": "no-store" }).flushHeaders();
      const watcher: Watcher = { as, response, sent: new Map() };
      watchers.add(watcher);
      response.on("close", () => watchers.delete(watcher));
      show(watcher);
    });
    app.post("/act", express.json({ limit: "200kb" }), (request, response, next) => {
      const act = Act.safeParse(request.body);
      if (!act.success) {
        response.status(400).json({ ok: false, shown: "The page asked for something that there is not." });
        return;
      }
      options.perform(act.data).then((acted) => {
        response.json(acted);
        for (const watcher of watchers) show(watcher);
      }, next);
    });
  }

  async function close(): Promise<void> {
    clearInterval(looking);
    clearInterval(breathing);
    await listener.close();
  }
  return { ...listener, close, [Symbol.asyncDispose]: close };
}

/** Whatever other pages a browser has open, or names they give to this address, may neither read nor act here. */
function isOurs({ headers, socket }: Request): boolean {
  const port = socket.localPort;
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  const origin = headers.origin;
  return hosts.includes(headers.host ?? "") && (origin === undefined || hosts.includes(origin.replace("http://", "")));
}

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' data:";

const DOCUMENT = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>AFK playground</title>
    <link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='8' fill='%232f6f5e'/%3E%3Cpath d='M9 17.5l5 5L24 11' fill='none' stroke='%23fff' stroke-width='3.5' stroke-linecap='round' stroke-linejoin='round'/%3E%3C/svg%3E">
    <link rel="stylesheet" href="/page.css">
  </head>
  <body>
    <div id="page"></div>
    <script type="module" src="/page.js"></script>
  </body>
</html>
`;
