import type { Service } from "../protocol.ts";
import { useSection } from "./live.ts";
import { Mark } from "./parts/icons.tsx";
import { go, useView } from "./view.ts";

const names: readonly (readonly [Service, string])[] = [
  ["slack", "Slack"],
  ["github", "GitHub"],
  ["t3", "T3"],
  ["cluster", "Cluster"],
];

export function Header() {
  const { chaos, tour } = useView();
  const controls = useSection("controls");
  const agent = useSection("cockpit")?.agent;
  return (
    <header className="top">
      <h1>
        <Mark /> AFK <span>playground</span>
      </h1>
      {typeof agent === "string" && (
        <code className="agent" title="Works in place of the scripted agent">
          {agent}
        </code>
      )}
      <ul className="standing" aria-label="What is up">
        {names.map(([id, name]) => {
          const one = controls?.services[id];
          const tone = one === undefined ? "idle" : !one.up ? "bad" : one.limited ? "warn" : "good";
          const says = { idle: "unknown", bad: "off", warn: "rate-limited", good: "on" }[tone];
          return (
            <li key={id}>
              <span className="dot" data-tone={tone} /> {name}{" "}
              <span className={tone === "good" ? "unseen" : ""}>{says}</span>
            </li>
          );
        })}
        <BotStanding />
      </ul>
      <button type="button" aria-pressed={tour} onClick={() => go({ tour: !tour })}>
        Tour
      </button>
      <button type="button" aria-pressed={chaos} onClick={() => go({ chaos: !chaos })}>
        Chaos
      </button>
    </header>
  );
}

function BotStanding() {
  const bot = useSection("controls")?.bot;
  const state = bot?.state ?? "starting";
  const tone = { starting: "warn", up: "good", down: "bad" }[state];
  return (
    <li title={bot?.said}>
      <span className="dot" data-tone={tone} /> Bot <span className={state === "up" ? "unseen" : ""}>{state}</span>
    </li>
  );
}
