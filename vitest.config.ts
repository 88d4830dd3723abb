import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take minutes: most start `pulumi` many times. */
const slow = /\/test\/((acceptance|program|engine|node)\/|chaos\/routes)/;

/** Begins with what takes longest: a file that began last would run alone for minutes, with one core idle. */
class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => Number(slow.test(b.moduleId)) - Number(slow.test(a.moduleId)));
  }
}

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 600_000,
    // Two at a time, as many as the smallest machine that this must pass on has cores.
    maxWorkers: 2,
    sequence: { sequencer: SlowestFirst },
  },
});
