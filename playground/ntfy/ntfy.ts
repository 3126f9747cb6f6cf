// A stand-in ntfy server: topics that are published to as JSON, as docs.ntfy.sh/publish says, on one loopback port.

import express from "express";
import { z } from "zod";
import { type Listener, listen } from "../listener.ts";

export type Rung = z.infer<typeof publishing> & { readonly authorization: string | undefined };

export type NtfyServer = AsyncDisposable & {
  /** Of a topic, as an operator would write it. */
  topicUrl(topic: string): string;
  readonly listener: Listener;
  /** What was published to the topic, oldest first. */
  rung(topic: string): readonly Rung[];
  /** Refuses what comes next, so many times, with that status. */
  failNext(count: number, status: number): void;
};

const publishing = z.object({
  topic: z.string().regex(/^[-_A-Za-z0-9]{1,64}$/),
  message: z.string().optional(),
  title: z.string().optional(),
  tags: z.array(z.string()).optional(),
  priority: z.number().int().min(1).max(5).optional(),
  click: z.string().optional(),
  sequence_id: z.string().optional(),
});

/** With a token, only those who bear it may publish. */
export async function startNtfy({ token }: { readonly token?: string } = {}): Promise<NtfyServer> {
  const all: Rung[] = [];
  const failing = { left: 0, status: 500 };
  const listener = await listen({
    service: "ntfy",
    routes(app) {
      app.post("/", express.json(), (request, response) => {
        const authorization = request.get("authorization");
        const refuse = (status: number, error: string) => response.status(status).json({ http: status, error });
        if (failing.left > 0) {
          failing.left -= 1;
          return void refuse(failing.status, "failing");
        }
        if (token !== undefined && authorization !== `Bearer ${token}`) return void refuse(403, "forbidden");
        const parsed = publishing.safeParse(request.body);
        if (!parsed.success) return void refuse(400, "invalid request: JSON body does not fit");
        all.push({ ...parsed.data, authorization });
        response.json({ id: `m${all.length}`, event: "message", topic: parsed.data.topic });
      });
    },
  });
  return {
    topicUrl: (topic) => `${listener.url}/${topic}`,
    listener,
    rung: (topic) => all.filter((one) => one.topic === topic),
    failNext(count, status) {
      Object.assign(failing, { left: count, status });
    },
    [Symbol.asyncDispose]: () => listener.close(),
  };
}
