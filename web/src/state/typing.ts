// Who is typing, and until when that may be believed.
//
// Pure: the time is given. A sign is good for 6 s while active and 30 s when paused, as the
// IRCv3 typing specification has it.

import type { TypingState } from "../api/frames";

export interface Typing {
  readonly name: string;
  readonly until: number;
}

const ACTIVE_MS = 6_000;
const PAUSED_MS = 30_000;

export function typed(
  typing: readonly Typing[],
  name: string,
  state: TypingState,
  now: number,
): readonly Typing[] {
  const others = typing.filter((one) => one.name !== name);
  if (state === "done") return others;
  return [...others, { name, until: now + (state === "active" ? ACTIVE_MS : PAUSED_MS) }];
}

export const stopTyping = (typing: readonly Typing[], name: string): readonly Typing[] =>
  typing.some((one) => one.name === name) ? typing.filter((one) => one.name !== name) : typing;

export const expire = (typing: readonly Typing[], now: number): readonly Typing[] =>
  typing.some((one) => one.until <= now) ? typing.filter((one) => one.until > now) : typing;

/** How often this browser says that its member is typing. */
export const TELL_EVERY_MS = 3_000;
