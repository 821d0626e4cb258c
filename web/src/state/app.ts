// Everything the app knows, and the one function that changes it.
//
// Pure: (state, input) → state. Inputs are what the link, the person and the clock bring.

import type { ChatEvent, Entered, Member, Problem, TypingState } from "../api/frames";
import type { LinkState } from "../link/link";
import { afterHome } from "./directs";
import { entered, newGroup, type Group } from "./group";
import { ignore, isIgnored } from "./ignored";
import { happened, markUnread, paged, putAside } from "./log";
import { setHere } from "./members";
import { discard, mark, queue, requeue, settle, type Send } from "./sends";
import { expire, typed } from "./typing";

export interface App {
  /** In the order of the sidebar. */
  readonly groups: readonly Group[];
  readonly open: string | null;
  readonly link: LinkState;
  /** Whether the link has been open since the page was loaded. */
  readonly wasOpen: boolean;
  readonly hasFocus: boolean;
}

export type Input =
  | { readonly type: "linked"; readonly link: LinkState }
  | { readonly type: "added"; readonly group: Group }
  | { readonly type: "entered"; readonly answer: Entered; readonly after: number | null }
  | { readonly type: "happened"; readonly group: string; readonly events: readonly ChatEvent[] }
  | {
      readonly type: "paged";
      readonly group: string;
      readonly place: "older" | "newer" | "around";
      readonly events: readonly ChatEvent[];
    }
  | { readonly type: "members"; readonly group: string; readonly members: readonly Member[] }
  | { readonly type: "presence"; readonly group: string; readonly name: string; readonly here: boolean }
  | {
      readonly type: "typing";
      readonly group: string;
      readonly name: string;
      readonly state: TypingState;
      readonly now: number;
    }
  | { readonly type: "queued"; readonly group: string; readonly send: Send }
  | { readonly type: "given"; readonly group: string; readonly id: string }
  | { readonly type: "settled"; readonly group: string; readonly id: string; readonly seq: number }
  | { readonly type: "refused"; readonly group: string; readonly id: string; readonly problem: Problem }
  | { readonly type: "retried"; readonly group: string; readonly id: string }
  | { readonly type: "discarded"; readonly group: string; readonly id: string }
  | { readonly type: "ended"; readonly group: string; readonly reason: string }
  | { readonly type: "removed"; readonly group: string }
  | { readonly type: "opened"; readonly group: string | null }
  | { readonly type: "followed"; readonly group: string; readonly isFollowed: boolean }
  | { readonly type: "focused"; readonly hasFocus: boolean }
  | { readonly type: "read"; readonly group: string; readonly seq: number }
  /** To be read again, from that event on. */
  | { readonly type: "unread"; readonly group: string; readonly seq: number }
  | { readonly type: "ignored"; readonly group: string; readonly names: readonly string[] }
  | { readonly type: "lineCleared"; readonly group: string }
  | { readonly type: "told"; readonly group: string }
  | { readonly type: "passed"; readonly now: number };

export const newApp = (): App => ({
  groups: [],
  open: null,
  link: { kind: "connecting", attempt: 0 },
  wasOpen: false,
  hasFocus: true,
});

export const groupOf = (app: App, id: string | null): Group | undefined =>
  app.groups.find((group) => group.id === id);

/** Whether the newest rows of a group are before somebody's eyes. */
export const isSeen = (app: App, group: Group): boolean =>
  app.open === group.id && app.hasFocus && group.isFollowed;

export function reduce(app: App, input: Input): App {
  switch (input.type) {
    case "linked":
      return linked(app, input.link);
    case "added":
      return groupOf(app, input.group.id) ? app : { ...app, groups: [...app.groups, input.group] };
    case "entered":
      return cameIn(app, input.answer, input.after);
    case "ended":
      // What is within a group ends with it.
      return {
        ...app,
        groups: app.groups.map((group) =>
          isWithin(group, input.group) ? { ...group, standing: { kind: "ended", reason: input.reason }, typing: [] } : group,
        ),
      };
    case "happened":
      return happenedIn(app, input.group, input.events);
    case "opened":
      return opened(app, input.group);
    case "focused":
      return focused(app, input.hasFocus);
    case "removed":
      return {
        ...app,
        groups: app.groups.filter((group) => !isWithin(group, input.group)),
        open: app.groups.some((group) => group.id === app.open && isWithin(group, input.group)) ? null : app.open,
      };
    case "ignored":
      return { ...app, groups: app.groups.map((group) => ignore(group, input.group, input.names)) };
    case "passed":
      return {
        ...app,
        groups: app.groups.map((group) => {
          const typing = expire(group.typing, input.now);
          return typing === group.typing ? group : { ...group, typing };
        }),
      };
    default: {
      const before = groupOf(app, input.group);
      if (!before) return app;
      const after = reduceGroup(app, before, input);
      return after === before
        ? app
        : { ...app, groups: app.groups.map((group) => (group === before ? after : group)) };
    }
  }
}

/** Whether it is that group, or a conversation within it. */
const isWithin = (group: Group, id: string): boolean => group.id === id || group.direct?.home === id;

type GroupInput = Exclude<
  Input,
  { readonly type: "linked" | "added" | "entered" | "happened" | "ended" | "opened" | "focused" | "removed" | "ignored" | "passed" }
>;

function reduceGroup(app: App, group: Group, input: GroupInput): Group {
  switch (input.type) {
    case "paged":
      return paged(group, input.place, input.events);
    case "members":
      return { ...group, members: input.members };
    case "presence":
      return { ...group, members: setHere(group.members, input.name, input.here) };
    case "typing":
      return input.name === group.you || isIgnored(group, input.name)
        ? group
        : { ...group, typing: typed(group.typing, input.name, input.state, input.now) };
    case "queued":
      // Who answers has read what is there.
      return { ...group, sends: queue(group.sends, input.send), line: null };
    case "given":
      return { ...group, sends: mark(group.sends, input.id, { kind: "sent", isShown: false }) };
    case "settled":
      return { ...group, sends: settle(group.sends, input.id, input.seq, group.head) };
    case "refused":
      return { ...group, sends: mark(group.sends, input.id, { kind: "failed", ...input.problem }) };
    case "retried":
      return { ...group, sends: mark(group.sends, input.id, { kind: "queued" }) };
    case "discarded":
      return { ...group, sends: discard(group.sends, input.id) };
    case "followed":
      return follow(app, group, input.isFollowed);
    case "read":
      return readUpTo(group, input.seq);
    case "unread":
      return markUnread(group, input.seq);
    case "lineCleared":
      return group.line === null ? group : { ...group, line: null };
    case "told":
      return { ...group, missed: 0, missedUpTo: 0 };
  }
}

function cameIn(app: App, answer: Entered, after: number | null): App {
  const known = groupOf(app, answer.group);
  const group = entered(known ?? newGroup(answer.group, answer.name), answer, after);
  const isReplaced = known !== undefined && known.epoch !== "" && known.epoch !== answer.epoch;
  const groups = app.groups.map((one): Group => {
    if (one === known) return group;
    if (one.direct?.home !== group.id) return one;
    const direct: Group = { ...one, you: group.you, standing: { kind: "in" } };
    // Numbers of another history mean nothing in this one.
    return isReplaced ? { ...direct, events: [], head: 0, read: 0, line: null } : direct;
  });
  return { ...app, groups: known ? groups : [...groups, group] };
}

function happenedIn(app: App, id: string, events: readonly ChatEvent[]): App {
  const before = groupOf(app, id);
  if (!before) return app;
  const after = happened(before, events, { isOpen: app.open === id, isSeen: isSeen(app, before) });
  if (after === before) return app;
  let { open } = app;
  const fresh = events.filter((event) => event.seq > before.head);
  const groups = app.groups.map((group) => {
    if (group === before) return after;
    if (group.direct?.home !== id) return group;
    const direct = fresh.reduce(afterHome, group);
    if (group.id === open) open = direct.id;
    return direct;
  });
  return { ...app, open, groups };
}

function readUpTo(group: Group, seq: number): Group {
  if (group.unread === 0 && group.read >= seq) return group;
  return { ...group, read: Math.max(group.read, seq), unread: 0, mentions: 0 };
}

function follow(app: App, group: Group, isFollowed: boolean): Group {
  if (group.isFollowed === isFollowed) return group;
  const next = { ...group, isFollowed };
  return isSeen(app, next) ? readUpTo(next, next.head) : next;
}

function linked(app: App, link: LinkState): App {
  const isOpen = link.kind === "open";
  if (isOpen || app.link.kind !== "open") return { ...app, link, wasOpen: app.wasOpen || isOpen };
  return {
    ...app,
    link,
    groups: app.groups.map((group) => ({
      ...group,
      standing: group.standing.kind === "in" ? { kind: "away" } : group.standing,
      sends: requeue(group.sends),
      typing: [],
    })),
  };
}

function opened(app: App, id: string | null): App {
  if (app.open === id) return app;
  const groups = app.groups.map((group) => {
    // The line stays while the group is looked at, and goes with leaving it unless there is something
    // unread.
    if (group.id === app.open) return { ...putAside(group), line: group.unread > 0 ? group.read : null };
    if (group.id !== id) return group;
    const isAtNewest = { ...group, isFollowed: true };
    return app.hasFocus ? readUpTo(isAtNewest, isAtNewest.head) : isAtNewest;
  });
  return { ...app, open: id, groups };
}

function focused(app: App, hasFocus: boolean): App {
  if (app.hasFocus === hasFocus) return app;
  const next = { ...app, hasFocus };
  return {
    ...next,
    groups: app.groups.map((group) => {
      if (group.id !== app.open) return group;
      if (hasFocus) return group.isFollowed ? readUpTo(group, group.head) : group;
      // What comes while nobody looks gets a line of its own.
      return group.unread === 0 ? { ...group, line: null } : group;
    }),
  };
}

/** Unread messages and mentions over all groups. */
export function totals(app: App): { unread: number; mentions: number } {
  let unread = 0;
  let mentions = 0;
  for (const group of app.groups) {
    unread += group.unread;
    mentions += group.mentions;
  }
  return { unread, mentions };
}
