import assert from "node:assert/strict";
import { test } from "node:test";
import { quote } from "../src/rates.js";

test("a light parcel costs what the first band says", () => {
  assert.deepEqual(quote({ grams: 120, zone: "home" }), { cents: 390, zone: "home" });
});

test("the upper bound belongs to its band", () => {
  assert.equal(quote({ grams: 500, zone: "home" }).cents, 390);
  assert.equal(quote({ grams: 501, zone: "home" }).cents, 590);
});

test("abroad has prices of its own", () => {
  assert.equal(quote({ grams: 1200, zone: "abroad" }).cents, 1450);
});

test("a parcel that is too heavy is refused", () => {
  assert.throws(() => quote({ grams: 10_001, zone: "home" }), RangeError);
});

test("weights that make no sense are refused", () => {
  for (const grams of [0, -1, 1.5, Number.NaN]) assert.throws(() => quote({ grams, zone: "home" }), TypeError);
});

test("an unknown zone is refused", () => {
  assert.throws(() => quote({ grams: 100, zone: "moon" }), /unknown zone: moon/);
});
