import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { Clock } from "../../sandbox/clock.js";

let clock = new Clock();
afterEach(() => {
  clock.stop();
  clock = new Clock();
});

test("alarms ring once each, in order, each at its own time, cancelled ones never", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ delay: fc.nat(5_000_000), cancelled: fc.boolean() }), { maxLength: 200 }),
      (alarms) => {
        const own = new Clock();
        const start = own.now();
        const rung: { delay: number; at: number }[] = [];
        for (const { delay, cancelled } of alarms) {
          const cancel = own.after(delay + 1_000, () => rung.push({ delay, at: own.now() - start }));
          if (cancelled) cancel();
        }
        own.advance(6_000_000);
        own.stop();
        const expected = alarms.filter((alarm) => !alarm.cancelled).map((alarm) => alarm.delay);
        expect(rung.map(({ delay }) => delay)).toEqual(expected.sort((a, b) => a - b));
        // Setting the alarms takes some machine time, which the clock counts.
        for (const { delay, at } of rung) expect(Math.abs(at - delay - 1_000)).toBeLessThan(5_000);
      },
    ),
    { numRuns: 50 },
  );
});

test("an alarm that sets the next one keeps its rhythm over a long advance", () => {
  const start = clock.now();
  const times: number[] = [];
  const ring = (): void => {
    times.push(clock.now());
    clock.after(60_000, ring);
  };
  clock.after(60_000, ring);
  clock.advance(24 * 3_600_000);
  expect(times).toHaveLength(1_440);
  expect(times.at(-1)).toBe((times[0] ?? 0) + 1_439 * 60_000);
  expect(clock.now() - start).toBeGreaterThanOrEqual(24 * 3_600_000);
});

test("an alarm that throws leaves the clock running", () => {
  clock.after(10, () => {
    throw new Error("bad alarm");
  });
  let rung = false;
  clock.after(20, () => (rung = true));
  expect(() => clock.advance(15)).toThrow("bad alarm");
  const before = clock.now();
  clock.advance(100);
  expect([rung, clock.now() >= before + 100]).toEqual([true, true]);
});

test("alarms ring with real time, too", async () => {
  await new Promise<void>((resolve) => {
    // The clock's own timer does not keep a process alive.
    const alive = setInterval(() => undefined, 10);
    clock.after(20, () => {
      clearInterval(alive);
      resolve();
    });
  });
});
