// Where rows stand, by numbers.

import { describe, expect, it } from "vitest";
import { endOf, inView, placeRows, rowAt, topOf, wishAt } from "./places";

const rows = (count: number, height = 30): number[] => Array.from({ length: count }, () => height);

describe("places", () => {
  it("leave room for what is older and newer, so that the scrollbar tells of the whole log", () => {
    const places = placeRows(rows(100), 99_000, 900);
    expect(topOf(places, 0)).toBe(99_000 * 30);
    expect(places.total).toBe(100_000 * 30);
  });

  it("stay below what browsers can scroll, however long the log is", () => {
    expect(placeRows(rows(100), 1e9, 1e9).total).toBeLessThan(30_000_000);
  });

  it("find the row at a height", () => {
    const places = placeRows([10, 20, 30], 0, 0);
    expect([-5, 0, 9, 10, 29, 30, 59, 60, 999].map((y) => rowAt(places, y))).toEqual([0, 0, 0, 1, 1, 2, 2, 2, 2]);
  });

  it("draw what is in view and a little beside it, and never all", () => {
    const places = placeRows(rows(600), 0, 0);
    const { from, to } = inView(places, 9_000, 800);
    expect(topOf(places, from)).toBeLessThanOrEqual(8_700);
    expect(topOf(places, to)).toBeGreaterThanOrEqual(10_100);
    expect(to - from).toBeLessThan(60);
    expect(inView(placeRows([], 0, 0), 0, 800)).toEqual({ from: 0, to: 0 });
  });

  it("ask for the page that the reader comes near to, or for the place that was jumped to", () => {
    const places = placeRows(rows(200), 50_000, 1_000);
    const window = { first: 50_001, last: 50_200, head: 51_200 };
    const start = topOf(places, 0);
    expect(wishAt(places, start + 3_000, 800, window).kind).toBe("nothing");
    expect(wishAt(places, start + 500, 800, window).kind).toBe("older");
    expect(wishAt(places, endOf(places) - 1_000, 800, window).kind).toBe("newer");
    expect(wishAt(places, start / 2, 800, window)).toEqual({ kind: "seek", seq: expect.closeTo(25_007, -2) as number });
    expect(wishAt(places, 0, 800, window)).toEqual({ kind: "seek", seq: expect.closeTo(13, -2) as number });
    const whole = placeRows(rows(200), 0, 0);
    expect(wishAt(whole, 0, 800, { first: 1, last: 200, head: 200 }).kind).toBe("nothing");
  });
});
