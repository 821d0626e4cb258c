// Where rows stand: their tops from their heights, and which of them are in view.
//
// Pure numbers. Before the first row there is room for what is older and after the last for what is
// newer, so that the scrollbar tells of the whole log and not of the window.

/** Height that an event outside the window is taken to have, in pixels. */
const EVENT_HEIGHT = 30;
/** Browsers stop telling pixels apart somewhat above this. */
const ROOM_MAX = 12_000_000;

export interface Places {
  /** The top of each row, and after the last its bottom. */
  readonly tops: Float64Array;
  /** The end of the room after the rows. */
  readonly total: number;
  readonly room: { readonly before: number; readonly after: number };
}

/** The room that so many events outside the window take. */
export const roomFor = (events: number): number => Math.min(ROOM_MAX, Math.max(0, events) * EVENT_HEIGHT);

export function placeRows(heights: readonly number[], older: number, newer: number): Places {
  const tops = new Float64Array(heights.length + 1);
  const room = { before: roomFor(older), after: roomFor(newer) };
  let top = room.before;
  for (let at = 0; at < heights.length; at += 1) {
    tops[at] = top;
    top += heights[at] ?? 0;
  }
  tops[heights.length] = top;
  return { tops, total: top + room.after, room };
}

export const topOf = (places: Places, at: number): number => places.tops[at] ?? 0;
/** The bottom of the last row. */
export const endOf = (places: Places): number => places.tops.at(-1) ?? 0;

/** The row at a height; the first or last where it is above or below them all. */
export function rowAt(places: Places, y: number): number {
  let low = 0;
  let high = Math.max(0, places.tops.length - 2);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (topOf(places, middle) <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Pixels above and below the view that are drawn too, so that a scroll finds them there. */
export const BESIDE = 300;

/** The rows to draw, as [from, to): those in view, and so many pixels beside it. */
export function inView(places: Places, top: number, height: number, beside = BESIDE): { from: number; to: number } {
  const count = places.tops.length - 1;
  if (count <= 0) return { from: 0, to: 0 };
  const from = rowAt(places, top - beside);
  const to = rowAt(places, top + height + beside) + 1;
  return { from, to: Math.min(count, to) };
}

/** What to ask for: the window's next page, or another place in the log. */
export type Wish =
  | { readonly kind: "nothing" }
  | { readonly kind: "older" }
  | { readonly kind: "newer" }
  | { readonly kind: "seek"; readonly seq: number };

/** How near to an end of the window the next page is asked for, in pixels. */
const NEAR = 1_500;

export function wishAt(
  places: Places,
  top: number,
  height: number,
  window: { readonly first: number; readonly last: number; readonly head: number },
): Wish {
  const { before, after } = places.room;
  const end = endOf(places);
  const bottom = top + height;
  if (before > 0 && bottom < before - height) {
    return { kind: "seek", seq: Math.max(1, Math.round((window.first * (top + height / 2)) / before)) };
  }
  if (after > 0 && top > end + height) {
    const share = (top + height / 2 - end) / after;
    return { kind: "seek", seq: Math.round(window.last + (window.head - window.last) * Math.min(1, share)) };
  }
  if (before > 0 && top < before + NEAR) return { kind: "older" };
  if (after > 0 && bottom > end - NEAR) return { kind: "newer" };
  return { kind: "nothing" };
}
