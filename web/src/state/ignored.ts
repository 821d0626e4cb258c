// Whom this reader does not want to hear: kept in this browser, and told to nobody.
//
// Pure. What somebody who is ignored says is there like everything else, and is neither shown,
// counted nor told of; who is heard again is heard from the start.

import type { ChatEvent } from "../api/frames";
import { homeOf } from "./directs";
import { isMessage, type Group } from "./group";

/** Names that one may ignore in a group. */
export const IGNORED_MAX = 100;

const isSame = (one: string, other: string): boolean => one.toLocaleLowerCase() === other.toLocaleLowerCase();

export const isIgnored = (group: Group, name: string): boolean => group.ignored.some((one) => isSame(one, name));

/** Whether an event is of no interest because of whose it is: what they say, and that they come and go. */
export const isUnheard = (group: Group, event: ChatEvent): boolean =>
  group.ignored.length > 0 && (isMessage(event) || event.kind === "joined" || event.kind === "left") && isIgnored(group, event.name);

/** The names once somebody is ignored, or not any more. */
export function withIgnored(names: readonly string[], name: string, isToBe: boolean): readonly string[] {
  const others = names.filter((one) => !isSame(one, name));
  return isToBe ? [...others, name] : others;
}

/** The name that was meant, as it is borne in the group or stands in what was said there; null where there is none. */
export function nameMeant(group: Group, typed: string): string | null {
  const borne = [...group.members.map(({ name }) => name), ...group.events.map(({ name }) => name), ...group.ignored];
  return borne.find((name) => isSame(name, typed)) ?? null;
}

/** The group after it was chosen whom to ignore in it, or in the one that it is within. */
export function ignore(group: Group, home: string, ignored: readonly string[]): Group {
  if (homeOf(group) !== home) return group;
  const next = { ...group, ignored };
  return { ...next, typing: group.typing.filter(({ name }) => !isIgnored(next, name)) };
}
