/** The priority that the labels give: `priority:N` or `PN`, the lowest N where there are several. Lower is sooner. */
export function priorityOf(labels: readonly string[]): number {
  const found = labels.flatMap((label) => {
    const digits = /^(?:priority:|p)\s*(\d{1,3})$/i.exec(label.trim())?.[1];
    return digits === undefined ? [] : [Number(digits)];
  });
  return found.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...found);
}
