import type { WebClient } from "@slack/web-api";
import type { Logger } from "pino";
import { startRequests } from "./http.ts";
import type { People } from "./listen.ts";
import { startSocket } from "./socket.ts";

/** How what people do reaches the bot. */
export type Receive =
  | { readonly mode: "socket"; readonly appToken: string }
  | { readonly mode: "http"; readonly signingSecret: string; readonly host: string; readonly port: number };

export function startReceiving(
  { apiUrl, botToken, receive }: { readonly apiUrl: string; readonly botToken: string; readonly receive: Receive },
  parts: { readonly client: WebClient; readonly log: Logger; readonly people: People },
): { stop(): Promise<void> } {
  return receive.mode === "socket"
    ? startSocket({ apiUrl, botToken, ...receive, ...parts })
    : startRequests({ apiUrl, botToken, ...receive, ...parts });
}
