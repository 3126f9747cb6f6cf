import type { SlackSection } from "../../protocol.ts";
import { useSection } from "../live.ts";
import { BackIcon, SlackIcon } from "../parts/icons.tsx";
import { useEnd } from "../parts/scroll.ts";
import { go, type SlackPlace, useView } from "../view.ts";
import { Composer } from "./composer.tsx";
import { Home } from "./home.tsx";
import { Face, Message } from "./message.tsx";
import { Modal } from "./modal.tsx";

export function SlackPane() {
  const { as, slack: place } = useView();
  const slack = useSection("slack");
  const down = useSection("controls")?.services.slack.up === false;
  const modal = slack?.modals.at(-1);
  return (
    <section className="pane pane-slack" aria-label="Slack">
      <header className="pane-head">
        <h2>
          <SlackIcon /> Slack
        </h2>
        <nav className="tabs" aria-label="In Slack">
          <button
            type="button"
            aria-current={place.at !== "home" ? "page" : undefined}
            onClick={() => go({ slack: { at: "channel" } })}
          >
            # afk
          </button>
          <button
            type="button"
            aria-current={place.at === "home" ? "page" : undefined}
            onClick={() => go({ slack: { at: "home" } })}
          >
            Home
          </button>
        </nav>
      </header>
      {slack !== undefined && <People slack={slack} as={as} />}
      {down && <p className="down">Slack is switched off</p>}
      {slack !== undefined && <Place slack={slack} as={as} place={place} />}
      {slack !== undefined && modal !== undefined && <Modal key={modal.id} view={modal} as={as} />}
    </section>
  );
}

function People({ slack, as }: { readonly slack: SlackSection; readonly as: string }) {
  return (
    <fieldset className="people">
      <legend>You are</legend>
      {slack.people.map(({ id, name, rights }) => (
        <label key={id} title={rights} data-chosen={id === as}>
          <input type="radio" name="slack-user" checked={id === as} onChange={() => go({ as: id })} />
          <Face name={name} byApp={false} />
          {name}
        </label>
      ))}
      <span className="rights">{slack.people.find(({ id }) => id === as)?.rights}</span>
    </fieldset>
  );
}

type PlaceProps = { readonly slack: SlackSection; readonly as: string; readonly place: SlackPlace };

function Place({ slack, as, place }: PlaceProps) {
  if (place.at === "home") return <Home slack={slack} as={as} />;
  if (place.at === "thread") return <Thread slack={slack} as={as} channel={place.channel} ts={place.ts} />;
  return <Channel slack={slack} as={as} />;
}

function Channel({ slack, as }: { readonly slack: SlackSection; readonly as: string }) {
  const list = useEnd<HTMLDivElement>(as);
  const [channel] = slack.channels;
  const shown = slack.messages.filter(({ threadTs, broadcast }) => threadTs === undefined || broadcast);
  const repliesTo = (ts: string): number => slack.messages.filter(({ threadTs }) => threadTs === ts).length;
  if (channel === undefined) return null;
  return (
    <>
      <div className="messages" ref={list}>
        <div>
          {shown.length === 0 && (
            <p className="empty">Nothing here yet. When an issue is released, its thread begins in this channel.</p>
          )}
          {shown.map((message) => (
            <Message key={message.ts} message={message} slack={slack} as={as} replies={repliesTo(message.ts)} />
          ))}
        </div>
      </div>
      <Composer as={as} channel={channel.id} placeholder="Message #afk, or /afk …" />
    </>
  );
}

type ThreadProps = {
  readonly slack: SlackSection;
  readonly as: string;
  readonly channel: string;
  readonly ts: string;
};

function Thread({ slack, as, channel, ts }: ThreadProps) {
  const list = useEnd<HTMLDivElement>(`${as}/${ts}`);
  const shown = slack.messages.filter((one) => one.channel === channel && (one.ts === ts || one.threadTs === ts));
  return (
    <>
      <button type="button" className="back" onClick={() => go({ slack: { at: "channel" } })}>
        <BackIcon /> Thread in #afk
      </button>
      <div className="messages" ref={list}>
        <div>
          {shown.map((message) => (
            <Message key={message.ts} message={{ ...message, broadcast: false }} slack={slack} as={as} />
          ))}
        </div>
      </div>
      <Composer as={as} channel={channel} thread={ts} placeholder={`Reply, or @${slack.app.name} …`} />
    </>
  );
}
