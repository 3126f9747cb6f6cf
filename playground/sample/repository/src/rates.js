import { bands } from "./bands.js";

/**
 * The price of one parcel.
 *
 * @param {{ grams: number, zone: "home" | "abroad" }} parcel
 * @returns {{ cents: number, zone: "home" | "abroad" }}
 */
export function quote({ grams, zone }) {
  if (!Number.isInteger(grams) || grams <= 0) throw new TypeError("grams must be a whole number above zero");
  if (zone !== "home" && zone !== "abroad") throw new TypeError(`unknown zone: ${zone}`);
  const band = bands.find(({ upTo }) => grams <= upTo);
  if (band === undefined) throw new RangeError(`${grams} g is heavier than we take`);
  return { cents: band[zone], zone };
}
