// The window of the log: what live events and pages of history do to it.
//
// Pure. Invariants: the window stays in order and without gaps; it is bounded; an event that is
// already in it changes nothing, so that a resume that tells something twice doubles nothing.

import type { ChatEvent } from "../api/frames";
import { applyToMembers } from "./members";
import { isAtEnd, isMessage, lastSeq, WINDOW_ASIDE, WINDOW_MAX, type Group } from "./group";
import { isIgnored, isUnheard, withIgnored } from "./ignored";
import { settleByEvent } from "./sends";
import { stopTyping } from "./typing";
import { mentions } from "../text/mentions";

/** Who looks at what while events come. */
export interface Gaze {
  /** Whether the group is on the screen. */
  readonly isOpen: boolean;
  /** Whether the person can see it: the window has the focus and the newest row is in view. */
  readonly isSeen: boolean;
}

/** Takes events as they happen, in their order. */
export function happened(group: Group, events: readonly ChatEvent[], gaze: Gaze): Group {
  const fresh = events.filter((event, at) => event.seq > group.head && isInOrder(events, at));
  if (fresh.length === 0) return group;
  // The first page after a visit that begins: what is above `read` came while nobody was here.
  const isCold = group.head === 0 && group.read > 0;
  const newest = fresh.at(-1)?.seq ?? group.head;
  let { ignored, members, topic, flags, you, role, typing, sends, unread, mentions: called, missed, line } = group;
  for (const event of fresh) {
    members = applyToMembers(members, event);
    if (event.kind === "topic") topic = event.text;
    if (event.kind === "settings") flags = switched(flags, event);
    if (event.kind === "renamed" && event.name === you) you = event.to;
    if (event.kind === "renamed" && isIgnored(group, event.name)) ignored = withIgnored(withIgnored(ignored, event.name, false), event.to, true);
    if (event.kind === "role" && event.of === you) role = members.find((one) => one.name === you)?.role ?? role;
    typing = stopTyping(typing, event.name);
    if (!isMessage(event) || isUnheard(group, event)) continue;
    const isMissed = event.seq <= group.missedUpTo;
    if (isMissed) missed += 1;
    if (event.name === you) {
      sends = settleByEvent(sends, event);
    } else if (event.seq > group.read) {
      if (isMissed || isCold || !gaze.isSeen) line ??= Math.max(group.read, group.head);
      if (gaze.isSeen) continue;
      unread += 1;
      // Who is written to alone is called.
      if (group.direct !== null || mentions(event.text, you)) called += 1;
    }
  }
  // What lies between the last visit and this page is not here to be looked at, and counts all the same.
  const skipped = isCold ? Math.max(0, (fresh[0]?.seq ?? 0) - Math.max(group.read, lastSeq(group)) - 1) : 0;
  if (skipped > 0) {
    if (!gaze.isSeen) unread += skipped;
    line = group.read;
  }
  const grown = append(group, fresh, gaze.isOpen);
  return {
    ...group,
    ...grown,
    ignored,
    members,
    topic,
    flags,
    you,
    role,
    typing,
    sends,
    missed,
    head: newest,
    unread,
    mentions: called,
    line,
    read: gaze.isSeen ? newest : group.read,
  };
}

function switched(flags: readonly string[], { change, isOn, mask, of }: ChatEvent): readonly string[] {
  // What is about somebody is on a list, and no switch.
  if (mask !== "" || of !== "" || flags.includes(change) === isOn) return flags;
  return isOn ? [...flags, change] : flags.filter((flag) => flag !== change);
}

const isInOrder = (events: readonly ChatEvent[], at: number): boolean =>
  at === 0 || (events[at]?.seq ?? 0) > (events[at - 1]?.seq ?? 0);

/** The window with events at its end, where it reaches there and they follow on. */
function append(group: Group, fresh: readonly ChatEvent[], isOpen: boolean): Pick<Group, "events" | "hole"> {
  const { events } = group;
  const first = fresh[0]?.seq ?? 0;
  const hole = group.hole === 0 ? first : group.hole;
  if (events.length === 0) return { events: fresh.slice(-WINDOW_MAX), hole };
  if (group.head === 0) return { events: joinPages(events, fresh), hole };
  if (!isAtEnd(group) || first !== lastSeq(group) + 1) {
    // The window is elsewhere in the log, and what is new will be read when the reader gets there.
    return { events, hole };
  }
  const max = isOpen ? WINDOW_MAX : WINDOW_ASIDE;
  if (events.length + fresh.length <= max) return { events: [...events, ...fresh], hole };
  // Who reads further up keeps what is read; the rest is loaded when it is scrolled to.
  if (isOpen && !group.isFollowed) return { events, hole };
  return { events: [...events, ...fresh].slice(-max), hole };
}

/** A page that was kept and one that came: one window where they meet, else the newer one. */
function joinPages(kept: readonly ChatEvent[], fresh: readonly ChatEvent[]): readonly ChatEvent[] {
  const last = kept.at(-1)?.seq ?? 0;
  const newer = fresh.filter((event) => event.seq > last);
  if (newer.length === 0) return kept;
  return (newer[0]?.seq === last + 1 ? [...kept, ...newer] : fresh).slice(-WINDOW_MAX);
}

/** Takes a page of history that was asked for. */
export function paged(
  group: Group,
  place: "older" | "newer" | "around",
  events: readonly ChatEvent[],
): Group {
  if (place === "around") {
    if (events.length === 0) return group;
    return { ...group, events, head: Math.max(group.head, events.at(-1)?.seq ?? 0) };
  }
  if (place === "older") {
    const first = group.events[0]?.seq ?? group.head + 1;
    const older = events.filter((event) => event.seq < first);
    // A page with nothing in it: retention has taken what was before.
    if (events.length === 0) return { ...group, floor: first };
    if ((older.at(-1)?.seq ?? 0) !== first - 1) return group;
    return { ...group, events: [...older, ...group.events].slice(0, WINDOW_MAX) };
  }
  const last = lastSeq(group);
  const newer = events.filter((event) => event.seq > last);
  if (newer.length === 0 || newer[0]?.seq !== last + 1) return group;
  const head = Math.max(group.head, newer.at(-1)?.seq ?? 0);
  return { ...group, events: [...group.events, ...newer].slice(-WINDOW_MAX), head };
}

/** What others said from that event on, as far as it is here and of interest. */
export const unreadIn = (group: Group, seq: number): readonly ChatEvent[] =>
  group.events.filter((event) => event.seq >= seq && isMessage(event) && event.name !== group.you && !isUnheard(group, event));

/** Makes what was said from that event on unread again, until the reader goes to the end once more. */
export function markUnread(group: Group, seq: number): Group {
  const unread = unreadIn(group, seq);
  const [first] = unread;
  if (!first) return group;
  return {
    ...group,
    read: first.seq - 1,
    line: first.seq - 1,
    // What lies after the window is not here to be looked at, and counts all the same.
    unread: unread.length + Math.max(0, group.head - lastSeq(group)),
    mentions: unread.filter((event) => group.direct !== null || mentions(event.text, group.you)).length,
    isFollowed: false,
  };
}

/** Lets go of what only the group on the screen needs. */
export function putAside(group: Group): Group {
  if (!isAtEnd(group)) return { ...group, events: [], isFollowed: true };
  return { ...group, events: group.events.slice(-WINDOW_ASIDE), isFollowed: true };
}
