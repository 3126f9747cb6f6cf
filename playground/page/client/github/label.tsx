import type { CSSProperties } from "react";
import type { LabelSight } from "../../protocol.ts";

export function Label({ label }: { readonly label: LabelSight }) {
  return (
    <span className="label" style={{ "--label": `#${label.color}` } as CSSProperties}>
      {label.name}
    </span>
  );
}
