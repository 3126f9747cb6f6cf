import { useEffect } from "react";
import { dismiss, useNotices } from "./act.ts";
import { ChaosPanel } from "./chaos/panel.tsx";
import { ClusterPane } from "./cluster/pane.tsx";
import { CockpitPane } from "./cockpit/pane.tsx";
import { GitHubPane } from "./github/pane.tsx";
import { Header } from "./header.tsx";
import { useConnected, useSection } from "./live.ts";
import { SlackPane } from "./slack/pane.tsx";
import { TourStrip } from "./tour/strip.tsx";
import { follow, go, type Pane, useView } from "./view.ts";

const panes: readonly { readonly id: Pane; readonly name: string }[] = [
  { id: "slack", name: "Slack" },
  { id: "github", name: "GitHub" },
  { id: "cockpit", name: "Cluster and T3" },
];

export function App() {
  const view = useView();
  const connected = useConnected();
  useFollowedLinks();
  return (
    <div className="page" data-tour={view.tour} data-pane={view.pane}>
      <Header />
      {view.chaos && <ChaosPanel />}
      <div className="stage">
        {view.tour && <TourStrip />}
        <main className="panes">
          <nav className="pane-tabs" aria-label="Panes">
            {panes.map(({ id, name }) => (
              <button
                key={id}
                type="button"
                aria-current={view.pane === id ? "page" : undefined}
                onClick={() => go({ pane: id })}
              >
                {name}
                <Waits pane={id} />
              </button>
            ))}
          </nav>
          <SlackPane />
          <GitHubPane />
          <section className="pane pane-cockpit" aria-label="Cluster and T3">
            <ClusterPane />
            <CockpitPane />
          </section>
        </main>
      </div>
      {!connected && <Lost />}
      <Notices />
    </div>
  );
}

/** A dot where something waits for a person. */
function Waits({ pane }: { readonly pane: Pane }) {
  const waits = useSection("cockpit")?.sessions.some(({ waiting }) => waiting !== null) ?? false;
  return pane === "cockpit" && waits ? <span className="dot" data-tone="warn" title="A session waits" /> : null;
}

function Lost() {
  const seen = useSection("controls") !== undefined;
  return (
    <div className="lost" role="status">
      {seen ? "The demo has ended, or does not answer. Start it again and reload this page." : "Connecting …"}
    </div>
  );
}

function Notices() {
  const notices = useNotices();
  return (
    <div className="notices" aria-live="polite">
      {notices.map(({ id, text }) => (
        <div key={id} className="notice">
          <span>{text}</span>
          <button type="button" className="quiet" aria-label="Dismiss" onClick={() => dismiss(id)}>
            ×
          </button>
        </div>
      ))}
    </div>
  );
}

/** Links to the services open in their panes; with a modifier key they do what links do. */
function useFollowedLinks(): void {
  useEffect(() => {
    function hear(event: MouseEvent): void {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
      const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
      if (link instanceof HTMLAnchorElement && follow(link.href)) event.preventDefault();
    }
    document.addEventListener("click", hear, true);
    return () => document.removeEventListener("click", hear, true);
  }, []);
}
