// The state, by what goes in and what is then true.

import { describe, expect, it } from "vitest";
import type { ChatEvent, Entered } from "../api/frames";
import { groupOf, newApp, reduce, totals, type App, type Input } from "./app";
import { isAtEnd, WINDOW_MAX, type Group } from "./group";
import { foldedNames, rowsOf } from "./rows";
import { due, shown, type Send } from "./sends";

const AT = Date.UTC(2026, 10, 20, 12);

const event = (seq: number, change: Partial<ChatEvent> = {}): ChatEvent => ({
  seq,
  at: AT + seq * 1_000,
  name: "Shlomo",
  kind: "said",
  text: `message ${seq}`,
  to: "",
  by: "",
  of: "",
  role: "",
  change: "",
  isOn: false,
  mask: "",
  ...change,
});
const events = (from: number, to: number, change: Partial<ChatEvent> = {}): ChatEvent[] =>
  Array.from({ length: to - from + 1 }, (_, at) => event(from + at, change));

const answer = (change: Partial<Entered> = {}): Entered => ({
  group: "8888",
  name: "Noya",
  seat: "s",
  head: 10,
  epoch: "e",
  topic: "",
  alias: "",
  role: "member",
  flags: [],
  members: [{ name: "Noya", here: true, role: "member", muted: false }],
  reset: false,
  ...change,
});
const send = (id: string, text = id): Send => ({ id, text, kind: "said", at: AT, state: { kind: "queued" } });

const run = (app: App, ...inputs: Input[]): App => inputs.reduce(reduce, app);
const happened = (list: ChatEvent[]): Input => ({ type: "happened", group: "8888", events: list });
const linked: Input = { type: "linked", link: { kind: "open" } };
const broken: Input = { type: "linked", link: { kind: "waiting", attempt: 1, until: 0 } };
const joined = (change: Partial<Entered> = {}): App =>
  run(newApp(), linked, { type: "entered", answer: answer(change), after: null }, { type: "opened", group: "8888" });
const group = (app: App): Group => {
  const found = groupOf(app, "8888");
  if (!found) throw new Error("the group should be there");
  return found;
};
const seqs = (app: App): number[] => group(app).events.map((one) => one.seq);

describe("the window of the log", () => {
  it("begins with the page that was asked for after a join", () => {
    const app = run(joined(), { type: "paged", group: "8888", place: "older", events: events(1, 10) });
    expect(seqs(app)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(isAtEnd(group(app))).toBe(true);
    expect(group(app).unread).toBe(0);
  });

  it("goes on with live events and doubles none", () => {
    const app = run(joined(), { type: "paged", group: "8888", place: "older", events: events(5, 10) }, happened(events(9, 12)), happened(events(11, 13)));
    expect(seqs(app)).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13]);
  });

  it("stays bounded while the newest is followed", () => {
    let app = run(joined({ head: 0 }));
    for (let seq = 1; seq <= 5_000; seq += 50) app = run(app, happened(events(seq, seq + 49)));
    expect(group(app).events).toHaveLength(WINDOW_MAX);
    expect(seqs(app).at(-1)).toBe(5_000);
  });

  it("keeps what is read further up where the reader is not at the end", () => {
    const filled = run(joined({ head: 0 }), happened(events(1, WINDOW_MAX)), { type: "followed", group: "8888", isFollowed: false });
    const app = run(filled, happened(events(WINDOW_MAX + 1, WINDOW_MAX + 5)));
    expect(seqs(app)[0]).toBe(1);
    expect(isAtEnd(group(app))).toBe(false);
    expect(group(app).unread).toBe(5);
    const newer = run(app, { type: "paged", group: "8888", place: "newer", events: events(WINDOW_MAX + 1, WINDOW_MAX + 5) });
    expect(isAtEnd(group(newer))).toBe(true);
    expect(seqs(newer)[0]).toBe(6);
  });

  it("takes no page that would leave a gap", () => {
    const app = run(joined({ head: 100 }), { type: "paged", group: "8888", place: "older", events: events(91, 100) });
    const odd = run(app, { type: "paged", group: "8888", place: "older", events: events(50, 60) }, { type: "paged", group: "8888", place: "newer", events: events(150, 160) });
    expect(seqs(odd)).toEqual(seqs(app));
  });

  it("is let go of when another group is opened", () => {
    const app = run(joined({ head: 0 }), happened(events(1, 500)), { type: "opened", group: null });
    expect(group(app).events.length).toBeLessThan(200);
    expect(isAtEnd(group(app))).toBe(true);
  });
});

describe("coming back after a break", () => {
  const before = run(joined({ head: 0 }), happened(events(1, 20)));

  it("goes on where it was, and says how much was missed under a line", () => {
    const app = run(before, broken, linked, { type: "entered", answer: answer({ head: 40 }), after: 20 }, happened(events(21, 40)));
    expect(seqs(app)).toEqual(events(1, 40).map((one) => one.seq));
    expect(group(app).missed).toBe(20);
    expect(group(app).line).toBe(20);
    const told = run(app, { type: "told", group: "8888" }, happened([event(41)]));
    expect(group(told).missed).toBe(0);
  });

  it("marks where the history was replaced, and keeps nothing of the old one", () => {
    const app = run(before, broken, linked, { type: "entered", answer: answer({ head: 9, epoch: "other", reset: true }), after: 20 }, happened(events(7, 9)));
    expect(seqs(app)).toEqual([7, 8, 9]);
    expect(rowsOf(group(app)).map((row) => row.kind)).toContain("hole");
  });

  it("begins with the newest page after a load, and counts what was skipped", () => {
    const kept: Input = { type: "added", group: { ...group(before), standing: { kind: "away" }, read: 20, events: events(1, 20), head: 20 } };
    const app = run({ ...newApp(), hasFocus: false }, kept, linked, { type: "entered", answer: answer({ head: 300, reset: true }), after: null }, happened(events(201, 300)));
    expect(seqs(app)).toEqual(events(201, 300).map((one) => one.seq));
    expect(group(app).unread).toBe(280);
    expect(group(app).line).toBe(20);
    expect(rowsOf(group(app)).some((row) => row.kind === "hole")).toBe(false);
  });

  it("joins the page that was kept to the one that comes where they meet", () => {
    const kept: Input = { type: "added", group: { ...group(before), standing: { kind: "away" }, read: 20, events: events(1, 20), head: 20 } };
    const app = run(newApp(), kept, linked, { type: "entered", answer: answer({ head: 22, reset: true }), after: null }, happened(events(10, 22)));
    expect(seqs(app)).toEqual(events(1, 22).map((one) => one.seq));
  });
});

describe("sends", () => {
  it("stand there at once, and settle with their event, whichever comes first", () => {
    const start = run(joined({ head: 0 }), { type: "queued", group: "8888", send: send("a") }, { type: "given", group: "8888", id: "a" });
    expect(shown(group(start).sends)).toHaveLength(1);
    const mine = event(1, { name: "Noya", text: "a" });
    const answerFirst = run(start, { type: "settled", group: "8888", id: "a", seq: 1 });
    expect(shown(group(answerFirst).sends)).toHaveLength(1);
    expect(group(run(answerFirst, happened([mine]))).sends).toHaveLength(0);
    const eventFirst = run(start, happened([mine]));
    expect(shown(group(eventFirst).sends)).toHaveLength(0);
    expect(group(run(eventFirst, { type: "settled", group: "8888", id: "a", seq: 1 })).sends).toHaveLength(0);
  });

  it("are sent once more after a break, with the same id and in order", () => {
    const app = run(
      joined({ head: 0 }),
      ...["a", "b", "c"].flatMap((id): Input[] => [{ type: "queued", group: "8888", send: send(id) }]),
      { type: "given", group: "8888", id: "a" },
      { type: "given", group: "8888", id: "b" },
    );
    expect(due(group(app).sends).map((one) => one.id)).toEqual(["c"]);
    expect(due(group(run(app, broken)).sends).map((one) => one.id)).toEqual(["a", "b", "c"]);
  });

  it("that fail wait for a decision and hold up nobody", () => {
    const app = run(
      joined({ head: 0 }),
      { type: "queued", group: "8888", send: send("a") },
      { type: "given", group: "8888", id: "a" },
      { type: "refused", group: "8888", id: "a", problem: { code: "muted", message: "" } },
      { type: "queued", group: "8888", send: send("b") },
    );
    expect(due(group(app).sends).map((one) => one.id)).toEqual(["b"]);
    expect(due(group(run(app, { type: "retried", group: "8888", id: "a" })).sends)).toHaveLength(2);
    expect(group(run(app, { type: "discarded", group: "8888", id: "a" })).sends).toHaveLength(1);
  });
});

describe("what is unread", () => {
  const away = run(joined({ head: 0 }), happened(events(1, 5)), { type: "focused", hasFocus: false });

  it("is counted while nobody looks, with a line above the first", () => {
    const app = run(away, happened([event(6), event(7, { text: "are you there, noya?" }), event(8, { kind: "joined" })]));
    expect(totals(app)).toEqual({ unread: 2, mentions: 1 });
    expect(group(app).line).toBe(5);
    const back = run(app, { type: "focused", hasFocus: true });
    expect(totals(back)).toEqual({ unread: 0, mentions: 0 });
    expect(group(back).line).toBe(5);
    expect(group(back).read).toBe(8);
  });

  it("is not what one said oneself, in another tab", () => {
    const app = run(away, happened([event(6, { name: "Noya" })]));
    expect(totals(app).unread).toBe(0);
    expect(group(app).line).toBeNull();
  });

  it("loses its line when the group is left or answered", () => {
    const app = run(away, happened([event(6)]), { type: "focused", hasFocus: true });
    expect(group(run(app, { type: "opened", group: null })).line).toBeNull();
    expect(group(run(app, { type: "queued", group: "8888", send: send("a") })).line).toBeNull();
  });

  it("is nothing while the newest rows are before one's eyes", () => {
    expect(totals(run(joined({ head: 0 }), happened(events(1, 5)))).unread).toBe(0);
  });
});

describe("unread again", () => {
  const read = (): App => run(joined(), happened(events(11, 20)));

  it("is what was said from there on, with the line above it, and stays so while more is said", () => {
    const app = run(read(), { type: "unread", group: "8888", seq: 18 }, happened(events(21, 21)));
    expect(group(app)).toMatchObject({ read: 17, line: 17, unread: 4 });
  });

  it("counts calls, and neither one's own messages nor what is no message", () => {
    const app = run(
      joined(),
      happened([event(11, { name: "Noya" }), event(12, { kind: "topic" }), event(13, { text: "Noya, look" }), event(14)]),
      { type: "unread", group: "8888", seq: 11 },
    );
    expect(group(app)).toMatchObject({ read: 12, line: 12, unread: 2, mentions: 1 });
  });

  it("is nothing where only oneself has spoken since", () => {
    const before = run(joined(), happened([event(11, { name: "Noya" })]));
    expect(run(before, { type: "unread", group: "8888", seq: 11 })).toBe(before);
  });

  it("is read by going to the end, and has its line still after another group was looked at", () => {
    const app = run(read(), { type: "unread", group: "8888", seq: 18 }, { type: "focused", hasFocus: false }, { type: "focused", hasFocus: true });
    expect(group(app).unread).toBe(3);
    expect(group(run(app, { type: "followed", group: "8888", isFollowed: true })).unread).toBe(0);
    const back = run(app, { type: "opened", group: null }, { type: "opened", group: "8888" });
    expect(group(back)).toMatchObject({ unread: 0, line: 17 });
  });
});

describe("who is ignored", () => {
  const ignoring = (...names: string[]): Input => ({ type: "ignored", group: "8888", names });
  const texts = (app: App): string[] => rowsOf(group(app)).flatMap((row) => (row.kind === "message" ? [row.event.text] : []));

  it("is not seen, whatever the case of the name, and is seen again afterwards", () => {
    const app = run(joined(), happened([event(11, { name: "Bar" }), event(12), event(13, { name: "Bar", kind: "left" })]), ignoring("bar"));
    expect(texts(app)).toEqual(["message 12"]);
    expect(rowsOf(group(app)).filter((row) => row.kind === "notice")).toEqual([]);
    expect(texts(run(app, ignoring()))).toEqual(["message 11", "message 12"]);
  });

  it("is not counted, and types unseen", () => {
    const app = run(
      joined(),
      { type: "focused", hasFocus: false },
      { type: "typing", group: "8888", name: "Bar", state: "active", now: 0 },
      ignoring("Bar"),
      { type: "typing", group: "8888", name: "Bar", state: "active", now: 0 },
      happened([event(11, { name: "Bar", text: "Noya!" }), event(12)]),
    );
    expect(group(app)).toMatchObject({ unread: 1, mentions: 0, typing: [] });
  });

  it("stays so under another name", () => {
    const app = run(joined(), ignoring("Bar"), happened([event(11, { name: "Bar", kind: "renamed", to: "Barak" }), event(12, { name: "Barak" })]));
    expect(group(app).ignored).toEqual(["Barak"]);
    expect(texts(app)).toEqual([]);
  });
});

describe("members", () => {
  it("come, go, and are called otherwise", () => {
    const app = run(
      joined({ head: 0 }),
      happened([event(1, { kind: "joined", name: "Bar" }), event(2, { kind: "renamed", name: "Bar", to: "Baz" }), event(3, { kind: "role", name: "Noya", of: "Baz", role: "moderator" })]),
      { type: "presence", group: "8888", name: "Baz", here: false },
    );
    expect(group(app).members).toContainEqual({ name: "Baz", here: false, role: "moderator", muted: false });
    expect(group(run(app, happened([event(4, { kind: "removed", name: "Baz", by: "Noya" })]))).members).toHaveLength(1);
  });

  it("who type are believed for a while, and not after they spoke", () => {
    const typing: Input = { type: "typing", group: "8888", name: "Bar", state: "active", now: 0 };
    const app = run(joined({ head: 0 }), typing);
    expect(group(app).typing).toHaveLength(1);
    expect(group(run(app, { type: "passed", now: 7_000 })).typing).toHaveLength(0);
    expect(group(run(app, happened([event(1, { name: "Bar" })]))).typing).toHaveLength(0);
  });

  it("follow their own new name", () => {
    const app = run(joined({ head: 0 }), happened([event(1, { kind: "renamed", name: "Noya", to: "Noah" })]));
    expect(group(app).you).toBe("Noah");
  });
});

describe("rows", () => {
  const kinds = (list: ChatEvent[], change: Partial<Group> = {}): string[] => {
    const app = run(joined({ head: 0 }), happened(list));
    return rowsOf({ ...group(app), ...change }).map((row) => ("isFirst" in row && row.isFirst ? `${row.kind}!` : row.kind));
  };

  it("have one name for what one author says within five minutes", () => {
    const list = [event(1), event(2), event(3, { name: "Bar" }), event(4, { name: "Bar", at: AT + 6 * 60_000 })];
    expect(kinds(list)).toEqual(["start", "day", "message!", "message", "message!", "message!"]);
  });

  it("have a line at each change of day", () => {
    expect(kinds([event(1), event(2, { at: AT + 24 * 3_600_000 })])).toEqual(["start", "day", "message!", "day", "message!"]);
  });

  it("fold people coming and going, but not one alone and not the reader", () => {
    const traffic = (seq: number, name: string, kind = "joined"): ChatEvent => event(seq, { kind, name });
    expect(kinds([event(1), traffic(2, "A"), traffic(3, "B"), event(4)])).toEqual(["start", "day", "message!", "fold", "message!"]);
    expect(kinds([event(1), traffic(2, "A"), event(3)])).toEqual(["start", "day", "message!", "notice", "message!"]);
    expect(kinds([traffic(1, "A"), traffic(2, "B"), traffic(3, "Noya"), traffic(4, "C")])).toEqual(["start", "day", "fold", "notice", "notice"]);
  });

  it("tell of a fold how it ended", () => {
    const traffic = (name: string, kind: string): ChatEvent => event(1, { kind, name });
    const list = [traffic("A", "joined"), traffic("B", "joined"), traffic("B", "left"), traffic("C", "left"), traffic("C", "joined"), traffic("D", "joined"), traffic("D", "left"), traffic("D", "joined")];
    expect(foldedNames(list)).toEqual({ joined: ["A", "D"], left: ["B"] });
  });

  it("break a fold at the line of what is new", () => {
    const list = [1, 2, 3, 4].map((seq) => event(seq, { kind: "joined", name: `N${seq}` }));
    expect(kinds(list, { line: 2 })).toEqual(["start", "day", "fold", "new", "fold"]);
  });

  it("show a kind that is not known as nothing", () => {
    expect(kinds([event(1), event(2, { kind: "danced" })])).toEqual(["start", "day", "message!"]);
  });

  it("are the same objects while nothing about them changes", () => {
    const app = run(joined({ head: 0 }), happened(events(1, 3)));
    const before = rowsOf(group(app)).find((row) => row.key === "m2");
    const after = rowsOf(group(run(app, happened([event(4)])))).find((row) => row.key === "m2");
    expect(after).toBe(before);
  });
});
