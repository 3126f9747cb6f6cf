/** Of an even number of values the upper of the two in the middle. Throws where there is none. */
export function median(values: readonly number[]): number {
  const middle = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
  if (middle === undefined) throw new Error("no value was measured");
  return middle;
}
