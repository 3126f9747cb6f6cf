// Lightest first. `upTo` is in grams and belongs to the band; prices are in cents.
export const bands = [
  { upTo: 500, home: 390, abroad: 890 },
  { upTo: 2000, home: 590, abroad: 1450 },
  { upTo: 10_000, home: 990, abroad: 2990 },
];
