import type { ReactNode } from "react";
import type { ControlsSection, Service } from "../../protocol.ts";
import { act } from "../act.ts";
import { useSection } from "../live.ts";

const about: readonly { readonly id: Service; readonly name: string; readonly limits: boolean }[] = [
  { id: "slack", name: "Slack", limits: true },
  { id: "github", name: "GitHub", limits: true },
  { id: "t3", name: "T3", limits: false },
  { id: "cluster", name: "Cluster", limits: true },
];

/** Breaks things, one click each, and mends them. */
export function ChaosPanel() {
  const controls = useSection("controls");
  if (controls === undefined) return null;
  return (
    <section className="chaos" aria-label="Chaos">
      {about.map(({ id, name, limits }) => (
        <ServiceCard key={id} id={id} name={name} limits={limits} standing={controls.services[id]} />
      ))}
      <BotCard bot={controls.bot} />
      <VolumeCard volume={controls.volume} />
    </section>
  );
}

function Card({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <fieldset className="chaos-card" aria-label={name}>
      {children}
    </fieldset>
  );
}

type ServiceProps = {
  readonly id: Service;
  readonly name: string;
  readonly limits: boolean;
  readonly standing: ControlsSection["services"][Service];
};

function ServiceCard({ id, name, limits, standing: { up, limited } }: ServiceProps) {
  return (
    <Card name={name}>
      <label className="switch">
        <input
          type="checkbox"
          role="switch"
          checked={up}
          aria-checked={up}
          onChange={({ target }) => void act({ do: "chaos.service", service: id, up: target.checked })}
        />
        <b>{name}</b> <span>{up ? "on" : "off"}</span>
      </label>
      {limits && (
        <button type="button" disabled={limited || !up} onClick={() => void act({ do: "chaos.limit", service: id })}>
          {limited ? "Limited…" : "Rate-limit"}
        </button>
      )}
      {id === "t3" && (
        <button type="button" disabled={!up} onClick={() => void act({ do: "chaos.restartT3" })}>
          Restart now
        </button>
      )}
    </Card>
  );
}

function BotCard({ bot: { state, kills, said } }: Pick<ControlsSection, "bot">) {
  return (
    <Card name="Bot">
      <span className="chaos-line">
        <b>Bot</b> <span>{state === "down" ? "down, started again" : state}</span>
        {kills > 0 && <small>ended {kills === 1 ? "once" : `${kills} times`}</small>}
      </span>
      <button type="button" title={said} disabled={state === "down"} onClick={() => void act({ do: "chaos.kill" })}>
        kill −9
      </button>
    </Card>
  );
}

function VolumeCard({ volume: { usedPercent, full, why } }: Pick<ControlsSection, "volume">) {
  return (
    <Card name="Volume">
      <span className="chaos-line">
        <b>Volume</b> <meter min={0} max={100} high={90} optimum={20} value={usedPercent} />{" "}
        <span>{usedPercent} %</span>
      </span>
      <button
        type="button"
        disabled={why !== ""}
        title={why}
        onClick={() => void act({ do: "chaos.fill", full: !full })}
      >
        {full ? "Make room" : "Fill it"}
      </button>
      {why !== "" && <small className="hint">{why}</small>}
    </Card>
  );
}
