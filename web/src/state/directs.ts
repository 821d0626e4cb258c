// Conversations of two: groups of their own to the reader, each within a group that both are in.
//
// Pure. A conversation goes with its group: it is open while the group is, its other goes by the
// name that it bears there, and where that one has left the group there is nobody to write to.

import type { ChatEvent } from "../api/frames";
import type { Group } from "./group";

/** Whose conversation it is: the group that both are in, and the name of the other. */
export interface Direct {
  readonly home: string;
  readonly with: string;
}

/** What a conversation goes by in this browser: no group's number, and safe in an address. */
export const directId = (home: string, name: string): string => `${home}/${encodeURIComponent(name)}`;

/** The group itself, or the one that a conversation is within. */
export const homeOf = (group: Group): string => group.direct?.home ?? group.id;

/** Groups as the sidebar has them: each with its conversations below it. */
export function inSidebar(groups: readonly Group[]): readonly Group[] {
  const directs = groups.filter((group) => group.direct !== null);
  if (directs.length === 0) return groups;
  return groups
    .filter((group) => group.direct === null)
    .flatMap((group) => [group, ...directs.filter((direct) => direct.direct?.home === group.id)]);
}

/** A conversation after something happened in its group. */
export function afterHome(group: Group, event: ChatEvent): Group {
  const { direct } = group;
  if (direct === null) return group;
  if (event.kind === "renamed") {
    if (event.name === group.you) return { ...group, you: event.to };
    if (event.name !== direct.with) return group;
    return { ...group, id: directId(direct.home, event.to), direct: { ...direct, with: event.to } };
  }
  const isGone = (event.kind === "left" || event.kind === "removed") && event.name === direct.with;
  return isGone ? { ...group, standing: { kind: "ended", reason: "alone" } } : group;
}
