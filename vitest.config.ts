import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 600_000,
    // Two at a time, as many as the smallest machine that this must pass on has cores.
    maxWorkers: 2,
  },
});
