// Conversations of two: what becomes of them as things happen in the group that both are in.

import { describe, expect, it } from "vitest";
import { readEvent, type ChatEvent, type Entered } from "../api/frames";
import { groupOf, newApp, reduce, totals, type App, type Input } from "./app";
import { directId, inSidebar } from "./directs";
import { newGroup } from "./group";
import { rowsOf } from "./rows";

const AT = "2026-11-20T14:03:11.042Z";
const event = (seq: number, name: string, more: object): ChatEvent => {
  const read = readEvent({ seq, at: AT, name, ...more });
  if (!read) throw new Error("it should be an event");
  return read;
};
const said = (seq: number, name: string): ChatEvent => event(seq, name, { kind: "said", text: `words ${seq}` });
const answer = (group: string, epoch = "e"): Entered => ({
  group, name: "Noya", seat: "s", head: 10, epoch, topic: "", alias: "", role: "owner", flags: [], members: [], reset: false,
});
const run = (app: App, ...inputs: Input[]): App => inputs.reduce(reduce, app);
const happened = (group: string, ...events: ChatEvent[]): Input => ({ type: "happened", group, events });
const BAR = directId("8888", "Bar");
/** Two groups, and a conversation with Bar in the first; the first is open. */
const staged = (): App =>
  run(
    newApp(),
    { type: "linked", link: { kind: "open" } },
    { type: "entered", answer: answer("8888"), after: null },
    { type: "entered", answer: answer("9999"), after: null },
    { type: "added", group: newGroup(BAR, "Noya", { home: "8888", with: "Bar" }) },
    { type: "entered", answer: answer("8888"), after: 10 },
    { type: "opened", group: "8888" },
  );

describe("a conversation of two", () => {
  it("stands below its group, and is in where the group is", () => {
    expect(inSidebar(staged().groups).map(({ id }) => id)).toEqual(["8888", BAR, "9999"]);
    expect(groupOf(staged(), BAR)?.standing.kind).toBe("in");
    const away = run(staged(), { type: "linked", link: { kind: "waiting", attempt: 1, until: 0 } });
    expect(groupOf(away, BAR)?.standing.kind).toBe("away");
  });

  it("calls with every message of the other, and with none of one's own", () => {
    const app = run(staged(), happened(BAR, said(3, "Bar"), said(4, "Noya"), said(5, "Bar")));
    expect(groupOf(app, BAR)).toMatchObject({ unread: 2, mentions: 2 });
    expect(totals(run(app, { type: "opened", group: BAR }))).toEqual({ unread: 0, mentions: 0 });
  });

  it("has no lines of the two having come in", () => {
    const joined = (seq: number, name: string): ChatEvent => event(seq, name, { kind: "joined" });
    const app = run(staged(), happened(BAR, joined(1, "Bar"), joined(2, "Noya"), said(3, "Bar")));
    const direct = groupOf(app, BAR);
    expect(direct && rowsOf(direct).map(({ kind }) => kind)).toEqual(["start", "day", "message"]);
  });

  it("follows the other to a new name, also while it is open", () => {
    const renamed = event(11, "Bar", { kind: "renamed", to: "בר" });
    const app = run(staged(), happened(BAR, said(3, "Bar")), { type: "opened", group: BAR }, happened("8888", renamed));
    const id = directId("8888", "בר");
    expect(app.open).toBe(id);
    expect(groupOf(app, id)?.direct?.with).toBe("בר");
    expect(groupOf(app, BAR)).toBeUndefined();
  });

  it("is over when the other leaves or is removed, and not when somebody else does", () => {
    for (const kind of ["left", "removed"]) {
      expect(groupOf(run(staged(), happened("8888", event(11, "Bar", { kind }))), BAR)?.standing).toEqual({ kind: "ended", reason: "alone" });
      expect(groupOf(run(staged(), happened("8888", event(11, "Dan", { kind }))), BAR)?.standing.kind).toBe("in");
      expect(groupOf(run(staged(), happened("9999", event(11, "Bar", { kind }))), BAR)?.standing.kind).toBe("in");
    }
  });

  it("ends with its group, and goes with it", () => {
    const ended = run(staged(), { type: "ended", group: "8888", reason: "removed" });
    expect(groupOf(ended, BAR)?.standing).toEqual({ kind: "ended", reason: "removed" });
    const gone = run(staged(), { type: "opened", group: BAR }, { type: "removed", group: "8888" });
    expect(gone.open).toBeNull();
    expect(gone.groups.map(({ id }) => id)).toEqual(["9999"]);
  });

  it("begins anew where the history of its group was replaced", () => {
    const app = run(staged(), happened(BAR, said(3, "Bar")), { type: "entered", answer: answer("8888", "another"), after: null });
    expect(groupOf(app, BAR)).toMatchObject({ events: [], head: 0, read: 0 });
  });
});

describe("how a group works", () => {
  it("is known from coming in and from what is switched since", () => {
    const switched = (seq: number, change: string, on: boolean, more = {}): ChatEvent => event(seq, "Noya", { kind: "settings", change, on, by: "Noya", ...more });
    const closed = run(staged(), happened("8888", switched(11, "closed", true)));
    expect(groupOf(closed, "8888")?.flags).toEqual(["closed"]);
    const about = run(closed, happened("8888", switched(12, "mutes", true, { mask: "Bar" }), switched(13, "closed", false)));
    expect(groupOf(about, "8888")?.flags).toEqual([]);
  });
});
