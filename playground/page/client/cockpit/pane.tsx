import type { CockpitSection, SessionSight } from "../../protocol.ts";
import { act } from "../act.ts";
import { useSection } from "../live.ts";
import { CockpitIcon } from "../parts/icons.tsx";
import { showSession, useView, type View } from "../view.ts";
import { Steer } from "./steer.tsx";
import { Transcript } from "./transcript.tsx";
import { WaitingBox } from "./waiting.tsx";

export function CockpitPane() {
  const { session: chosen } = useView();
  const cockpit = useSection("cockpit");
  const down = useSection("controls")?.services.t3.up === false;
  const session = cockpit === undefined ? undefined : inFront(cockpit, chosen);
  return (
    <section className="half cockpit" aria-label="T3 Code">
      <header className="pane-head">
        <h2>
          <CockpitIcon /> T3 Code
        </h2>
        {cockpit !== undefined && cockpit.sessions.length > 0 && (
          <select aria-label="Session" value={session?.id ?? ""} onChange={({ target }) => showSession(target.value)}>
            {cockpit.sessions.map(({ id, title, waiting }) => (
              <option key={id} value={id}>
                {waiting === null ? "" : "● "}
                {title}
              </option>
            ))}
          </select>
        )}
      </header>
      {down && <p className="down">T3 is switched off; agents go on</p>}
      {cockpit !== undefined && session === undefined && (
        <p className="empty">No session yet. One begins with the first released issue.</p>
      )}
      {session !== undefined && <Session key={session.id} session={session} />}
    </section>
  );
}

/** The chosen one; else one that waits for a person, else the newest. */
function inFront({ sessions }: CockpitSection, chosen: View["session"]): SessionSight | undefined {
  const [newest] = sessions;
  const stillChosen = chosen !== null && chosen.newest === newest?.id ? chosen.id : undefined;
  return sessions.find(({ id }) => id === stillChosen) ?? sessions.find(({ waiting }) => waiting !== null) ?? newest;
}

function Session({ session }: { readonly session: SessionSight }) {
  const { id, status, branch, waiting } = session;
  const busy = status === "running" || status === "starting";
  const tone = waiting !== null ? "warn" : busy ? "busy" : status === "error" ? "bad" : "idle";
  return (
    <>
      <div className="subhead">
        <span className="state-pill" data-tone={tone}>
          {waiting === null ? status : "waits for a person"}
        </span>
        <code title={branch ?? ""}>{branch}</code>
        {busy && (
          <button type="button" className="quiet" onClick={() => void act({ do: "t3.interrupt", session: id })}>
            Interrupt
          </button>
        )}
      </div>
      <Transcript session={session} />
      {waiting !== null && <WaitingBox key={waiting.requestId} session={id} waiting={waiting} />}
      <Steer session={id} />
    </>
  );
}
