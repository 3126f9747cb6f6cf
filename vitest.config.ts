import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Real processes on shared machines: CI gives a test a second chance, and says so in its report.
    retry: process.env["CI"] === undefined ? 0 : 1,
    testTimeout: 90_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
