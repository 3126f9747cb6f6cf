import type { PodView, WorkloadView } from "../../../kubernetes/snapshot.ts";
import type { ClusterSection } from "../../protocol.ts";
import { useSection } from "../live.ts";
import { ClusterIcon } from "../parts/icons.tsx";
import { Ago } from "../parts/time.tsx";

const EVENTS = 5;

export function ClusterPane() {
  const cluster = useSection("cluster");
  const down = useSection("controls")?.services.cluster.up === false;
  return (
    <section className="half cluster" aria-label="Cluster">
      <header className="pane-head">
        <h2>
          <ClusterIcon /> Cluster
        </h2>
      </header>
      {down && <p className="down">The cluster's API is switched off; what runs goes on</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: nothing in it takes the focus, and it scrolls */}
      <section className="scroll" aria-label="Workloads and events" tabIndex={0}>
        {cluster?.workloads.map((workload) => (
          <Workload key={`${workload.kind}/${workload.name}`} workload={workload} />
        ))}
        {cluster !== undefined && <Events events={cluster.events} />}
      </section>
    </section>
  );
}

function Workload({ workload }: { readonly workload: WorkloadView }) {
  const { kind, name, images, desired, updated, available, pods, paused, conditions } = workload;
  const image = images[0] ?? "";
  const rolling = updated < desired || available < desired || pods.length !== desired;
  const late = conditions.find(({ reason }) => reason === "ProgressDeadlineExceeded");
  const tone = pods.some(isFailing) || late !== undefined ? "bad" : rolling ? "busy" : "good";
  const says = { bad: "failing", busy: "rolling out", good: "healthy" }[tone];
  return (
    <div className="workload">
      <p className="workload-line">
        <b>{name}</b> <small>{kind}</small>
        <span className="state-pill" data-tone={paused ? "idle" : tone}>
          {paused ? "paused" : says}
        </span>
      </p>
      <p className="workload-line">
        <code title={image}>{tagOf(image)}</code>
        <small>
          {updated} of {desired} updated, {available} available
        </small>
      </p>
      <ul className="pods">
        {pods.map((pod) => (
          <Pod key={pod.name} pod={pod} current={pod.images.includes(image)} />
        ))}
      </ul>
    </div>
  );
}

function Pod({ pod, current }: { readonly pod: PodView; readonly current: boolean }) {
  const tone = isFailing(pod) ? "bad" : pod.status === "Terminating" ? "idle" : pod.ready ? "good" : "busy";
  const image = tagOf(pod.images[0] ?? "");
  return (
    <li className="pod" data-tone={tone} data-current={current} title={`${pod.name} on ${pod.node}`}>
      <b>{pod.name.split("-").at(-1)}</b>
      <span>{pod.status}</span>
      <small>
        {image}
        {pod.restarts > 0 && ` · ${pod.restarts} restarts`}
      </small>
    </li>
  );
}

function isFailing({ status }: PodView): boolean {
  return /BackOff|Error|Failed|OOM/.test(status);
}

/** A commit's image by its short sha, any other by its tag. */
function tagOf(image: string): string {
  const tag = image.split(":").at(-1) ?? image;
  return /^[0-9a-f]{40}$/.test(tag) ? tag.slice(0, 8) : tag;
}

function Events({ events }: Pick<ClusterSection, "events">) {
  return (
    <ul className="cluster-events">
      {events.slice(0, EVENTS).map(({ at, type, reason, object, message, count }) => (
        <li key={`${object}/${reason}/${message}`} data-type={type} title={`${object}: ${message}`}>
          <b>{reason}</b>
          <span>{message}</span>
          <small>
            {count > 1 && `×${count} `}
            <Ago at={at} />
          </small>
        </li>
      ))}
    </ul>
  );
}
