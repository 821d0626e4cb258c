// A group as this member sees it: a window of its log, the members, what is unread and unsent.
//
// Pure: no socket, no storage, no clock. Invariant: the events of the window are in order and
// without gaps, so that its first and last numbers tell what is missing before and after it.

import type { ChatEvent, Entered, Member, Role } from "../api/frames";
import type { Direct } from "./directs";
import type { Send } from "./sends";
import type { Typing } from "./typing";

/** Most events kept of the group that is open. */
export const WINDOW_MAX = 600;
/** Most events kept of a group that is not. */
export const WINDOW_ASIDE = 150;

/** Whether the server counts this browser as in the group. */
export type Standing =
  | { readonly kind: "away" }
  | { readonly kind: "in" }
  | { readonly kind: "ended"; readonly reason: string };

export interface Group {
  readonly id: string;
  /** Where it is a conversation of two: within which group, and with whom. */
  readonly direct: Direct | null;
  readonly you: string;
  readonly epoch: string;
  readonly head: number;
  readonly topic: string;
  readonly alias: string;
  readonly role: Role;
  /** What is switched on in how the group works, by the server's words. */
  readonly flags: readonly string[];
  readonly members: readonly Member[];
  /** Names of those whom this reader does not want to hear. */
  readonly ignored: readonly string[];
  readonly standing: Standing;
  readonly events: readonly ChatEvent[];
  /** The number before which the server has nothing, where that is known: 1, or what is left. */
  readonly floor: number;
  /** The event before which the history was replaced, where it was. */
  readonly hole: number | null;
  readonly sends: readonly Send[];
  /** The newest number this member has seen. */
  readonly read: number;
  /** The number above which the line `New messages` stands. */
  readonly line: number | null;
  readonly unread: number;
  readonly mentions: number;
  /** Whether the reader is at the end of the log and wants to stay there. */
  readonly isFollowed: boolean;
  readonly typing: readonly Typing[];
  /** Messages that came while the link was broken, until they are told of. */
  readonly missed: number;
  /** The head when the link came back: what is above `after` and up to here was missed. */
  readonly missedUpTo: number;
}

export function newGroup(id: string, you: string, direct: Direct | null = null): Group {
  return {
    id,
    direct,
    you,
    epoch: "",
    head: 0,
    topic: "",
    alias: "",
    role: "member",
    flags: [],
    members: [],
    ignored: [],
    standing: { kind: "away" },
    events: [],
    floor: 1,
    hole: null,
    sends: [],
    read: 0,
    line: null,
    unread: 0,
    mentions: 0,
    isFollowed: true,
    typing: [],
    missed: 0,
    missedUpTo: 0,
  };
}

export const firstSeq = (group: Group): number => group.events[0]?.seq ?? 0;
export const lastSeq = (group: Group): number => group.events.at(-1)?.seq ?? 0;

/** Whether the window reaches the newest event. */
export const isAtEnd = (group: Group): boolean => lastSeq(group) >= group.head;
/** Whether the window reaches the oldest event. */
export const isAtStart = (group: Group): boolean => firstSeq(group) <= group.floor;

/** Whether an event is a message, and not something that happened beside the talk. */
export const isMessage = (event: ChatEvent): boolean =>
  event.kind === "said" || event.kind === "action";

/**
 * The group after the server let this browser in.
 *
 * `after` is what the resume asked for: the head that is known, or null for a join or where the
 * newest page was asked for. Where the server had to start anew although the window was asked to go on,
 * the history was replaced, and the window is of no use any more.
 */
export function entered(group: Group, answer: Entered, after: number | null): Group {
  const isReplaced =
    (group.epoch !== "" && answer.epoch !== group.epoch) || (answer.reset && after !== null);
  const keepsWindow = after !== null && !answer.reset && !isReplaced;
  const wasKnown = group.epoch !== "";
  return {
    ...group,
    you: answer.name || group.you,
    epoch: answer.epoch,
    // After a reset the newest page follows as events: until then nothing is known to be there.
    head: keepsWindow ? group.head : answer.reset ? 0 : answer.head,
    topic: answer.topic,
    alias: answer.alias,
    role: answer.role,
    flags: answer.flags,
    members: answer.members ?? group.members,
    standing: { kind: "in" },
    events: isReplaced ? [] : group.events,
    floor: keepsWindow ? group.floor : 1,
    hole: isReplaced && wasKnown ? 0 : group.hole,
    // What was said before a member joined is no news to it.
    read: after === null && !answer.reset ? answer.head : isReplaced ? Math.min(group.read, answer.head) : group.read,
    line: isReplaced ? null : group.line,
    typing: [],
    missed: 0,
    missedUpTo: keepsWindow ? answer.head : 0,
  };
}
