import type { ShownMessage } from "../../../slack/outcomes.ts";
import type { SlackSection } from "../../protocol.ts";
import { act } from "../act.ts";
import { BotIcon, EyeIcon } from "../parts/icons.tsx";
import { clock } from "../parts/time.tsx";
import { go } from "../view.ts";
import { Blocks, Drawn } from "./blocks.tsx";
import type { Surface } from "./surface.ts";

type Props = {
  readonly message: ShownMessage;
  readonly slack: SlackSection;
  readonly as: string;
  /** In the channel: how many replies its thread has. */
  readonly replies?: number;
};

export function Message({ message, slack, as, replies = 0 }: Props) {
  const { channel, ts, user, byApp, onlyYou, threadTs, edited } = message;
  const name = byApp ? slack.app.name : (slack.people.find(({ id }) => id === user)?.name ?? user);
  const surface: Surface = {
    press: (action, block, choice) => {
      const picked = choice === undefined ? {} : { choice: typeof choice === "string" ? choice : [...choice] };
      return act({ do: "slack.press", as, at: { channel, ts }, action, block, ...picked });
    },
  };
  const openThread = (): void => go({ slack: { at: "thread", channel, ts: threadTs ?? ts } });
  return (
    <article
      className="message"
      data-only-you={onlyYou}
      data-ts={ts}
      aria-label={`${name}, ${clock(Number(ts) * 1000)}`}
    >
      <Face name={name} byApp={byApp} />
      <div className="message-main">
        <header>
          <b>{name}</b>
          {byApp && <span className="app-tag">APP</span>}
          <time>{clock(Number(ts) * 1000)}</time>
          {edited && <span className="hint">(edited)</span>}
        </header>
        {onlyYou && (
          <p className="only-you">
            <EyeIcon /> Only visible to you
          </p>
        )}
        {threadTs !== undefined && replies === 0 && message.broadcast && (
          <button type="button" className="in-thread" onClick={openThread}>
            replied to a thread
          </button>
        )}
        <Blocks blocks={message.blocks.length > 0 ? message.blocks : [plain(message.text)]} surface={surface} />
        <Reactions reactions={message.reactions} />
        {replies > 0 && (
          <button type="button" className="in-thread" onClick={openThread}>
            {replies === 1 ? "1 reply" : `${replies} replies`}
          </button>
        )}
      </div>
    </article>
  );
}

function Reactions({ reactions }: Pick<ShownMessage, "reactions">) {
  const text = Object.entries(reactions).map(([emoji, count]) => `:${emoji}: ${count}`);
  if (text.length === 0) return null;
  return (
    <div className="reactions">
      {text.map((one) => (
        <Drawn key={one} blocks={[{ type: "context", elements: [{ type: "mrkdwn", text: one }] }]} />
      ))}
    </div>
  );
}

function plain(text: string) {
  return { type: "section", text: { type: "mrkdwn", text: text === "" ? " " : text } };
}

export function Face({ name, byApp }: { readonly name: string; readonly byApp: boolean }) {
  return (
    <span className="face" data-who={byApp ? "app" : name.toLowerCase()} aria-hidden="true">
      {byApp ? <BotIcon /> : name.slice(0, 1)}
    </span>
  );
}
