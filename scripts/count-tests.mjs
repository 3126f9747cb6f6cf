#!/usr/bin/env node
// Prints vitest's JSON report as one plain line. Exits 1 where no test ran.
import { readFileSync } from "node:fs";

const { numPassedTests, numFailedTests, numPendingTests = 0 } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : "";
console.log(`${numPassedTests} passed, ${numFailedTests} failed${skipped}`);
process.exit(numPassedTests + numFailedTests > 0 ? 0 : 1);
