// News: what others said just now, and what of it calls this member.
//
// Pure. Does not know how anybody is told.

import type { ChatEvent } from "../api/frames";
import { isSeen, type App } from "../state/app";
import { isMessage, type Group } from "../state/group";
import { isIgnored } from "../state/ignored";
import { mentions } from "../text/mentions";

/** What came in while it could be of interest to somebody who looks elsewhere. */
export interface News {
  readonly group: Group;
  readonly event: ChatEvent;
  readonly isCalled: boolean;
}

/** What of these events is news: said by others, just now, and not part of what is caught up. */
export function newsOf(app: App, group: Group, events: readonly ChatEvent[]): News[] {
  if (group.head === 0 || isSeen(app, group)) return [];
  const live = events.filter((event) => event.seq > group.head && event.seq > group.missedUpTo);
  return live
    .filter((event) => isMessage(event) && event.name !== group.you && !isIgnored(group, event.name))
    .map((event) => ({ group, event, isCalled: mentions(event.text, group.you) }));
}
