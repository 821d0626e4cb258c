// The members of a group, changed by what happens.
//
// Pure. Who may do what is decided by the server; here stands what is worth offering.

import { readRole, type ChatEvent, type Deed, type Member, type Role } from "../api/frames";

const newcomer = (name: string, role: string): Member => ({ name, here: true, role: readRole(role), muted: false });

export function applyToMembers(members: readonly Member[], event: ChatEvent): readonly Member[] {
  switch (event.kind) {
    case "joined":
      return members.some((member) => member.name === event.name)
        ? setHere(members, event.name, true)
        : [...members, newcomer(event.name, event.role)];
    case "left":
    case "removed":
      return members.filter((member) => member.name !== event.name);
    case "renamed":
      return change(members, event.name, (member) => ({ ...member, name: event.to }));
    case "role":
      return change(members, event.of, (member) =>
        // Who made the group stays its owner, whatever else is given or taken.
        member.role === "owner" ? member : { ...member, role: readRole(event.role) });
    default:
      return members;
  }
}

/** Marks a member as connected or not. */
export const setHere = (members: readonly Member[], name: string, here: boolean): readonly Member[] =>
  change(members, name, (member) => (member.here === here ? member : { ...member, here }));

function change(
  members: readonly Member[],
  name: string,
  to: (member: Member) => Member,
): readonly Member[] {
  const at = members.findIndex((member) => member.name === name);
  const member = members[at];
  if (!member) return members;
  const changed = to(member);
  return changed === member ? members : members.with(at, changed);
}

/** Whether a member of that role runs the group. */
export const runs = (role: Role): boolean => role === "owner" || role === "moderator";

/** What a member of that role may do to another, the mildest first. */
export function deedsFor(role: Role, other: Member): readonly Deed[] {
  if (!runs(role) || other.role === "owner") return [];
  return [other.role === "moderator" ? "deop" : "op", other.muted ? "unmute" : "mute", "kick", "ban"];
}

const weight = { owner: 0, moderator: 1, voiced: 2, member: 3 } as const;

/** Who is here first, then by role, then by name as the language sorts. */
export function inOrder(members: readonly Member[], collator: Intl.Collator): Member[] {
  return [...members].sort(
    (a, b) =>
      Number(b.here) - Number(a.here) ||
      weight[a.role] - weight[b.role] ||
      collator.compare(a.name, b.name),
  );
}
