// What goes over the WebSocket, as JSON: frames from the server, operations to it.
//
// The shapes are the server's own, generated from its code. Invariant: what comes from the server
// is looked at here before it is believed, so that the rest of the app has types it can trust.

import type * as Api from "../generated/api";

/** What a member may do, from most to least. */
export type Role = Api.RoleShown;
export type TypingState = Api.TypingShown;
export type Problem = Api.ErrorShown;
export type Deed = Api.Deed;
export type Page = Api.Page;
export type Ban = Api.BanShown;
export type Member = Omit<Required<Api.MemberShown>, "you">;

/**
 * An operation for the server, without its `ref`. The server knows no `ping`: that it says so is
 * the sign of life that is asked for.
 */
export type Op = Api.Op | { readonly op: "ping" };

/** One thing that happened in a group, with nothing left out: what a kind lacks is empty. */
export interface ChatEvent {
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Who did it. */
  readonly name: string;
  readonly kind: string;
  readonly text: string;
  /** The other name or role that some kinds have. */
  readonly to: string;
  readonly by: string;
  readonly of: string;
  readonly role: string;
  /** Of a change of the settings: what was changed, whether it is on now, and about whom. */
  readonly change: string;
  readonly isOn: boolean;
  readonly mask: string;
}

/** The answer to create, join and resume. */
export interface Entered {
  readonly group: string;
  readonly name: string;
  readonly seat: string | null;
  readonly head: number;
  readonly epoch: string;
  readonly topic: string;
  readonly alias: string;
  readonly role: Role;
  readonly flags: readonly string[];
  readonly members: readonly Member[] | null;
  readonly reset: boolean;
}

/** A frame of the server's. */
export type Frame =
  | { readonly type: "ok"; readonly re: number; readonly ok: Json }
  | { readonly type: "error"; readonly re: number | null; readonly error: Problem }
  | { readonly type: "event"; readonly group: string; readonly event: ChatEvent }
  | { readonly type: "presence"; readonly group: string; readonly name: string; readonly here: boolean }
  | { readonly type: "typing"; readonly group: string; readonly name: string; readonly state: TypingState }
  | { readonly type: "direct"; readonly group: string; readonly name: string; readonly event: ChatEvent }
  | { readonly type: "ended"; readonly group: string; readonly reason: string };

/** An object of JSON whose members are not known yet. */
export type Json = Readonly<Record<string, unknown>>;

/** What should be a `T`: its members by name, and nothing believed of what they are. */
type Unread<T> = { readonly [Key in T extends unknown ? keyof T : never]?: unknown };
/** The members of every shape that a frame may have. */
type Told = Api.Told | Api.ToldDirect | { readonly re: unknown; readonly ok: unknown; readonly error: unknown };

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A value that should be an object, with no members where it is none. */
const unread = <T>(value: unknown): Unread<T> => (isObject(value) ? value : {}) as Unread<T>;

/** A value that should be a string; empty where it is none. */
export const str = (value: unknown): string =>
  typeof value === "string" ? value : typeof value === "number" ? String(value) : "";

/** A value that should be a number; 0 where it is none. */
export const num = (value: unknown): number =>
  typeof value === "number" && Number.isFinite(value) ? value : 0;

/** A value that should be a list; empty where it is none. */
const listed = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const roles: Readonly<Record<Role, true>> = { owner: true, moderator: true, voiced: true, member: true };
export const readRole = (value: unknown): Role => (str(value) in roles ? (value as Role) : "member");

/** Reads an event; null where it is none. */
export function readEvent(value: unknown): ChatEvent | null {
  const event = unread<Api.EventShown>(value);
  const seq = num(event.seq);
  const kind = str(event.kind);
  if (!Number.isSafeInteger(seq) || seq < 1 || kind === "") return null;
  const at = Date.parse(str(event.at));
  return {
    seq,
    at: Number.isNaN(at) ? 0 : at,
    name: str(event.name),
    kind,
    text: str(event.text),
    to: str(event.to),
    by: str(event.by),
    of: str(event.of),
    role: str(event.role),
    change: str(event.change),
    isOn: event.on === true,
    mask: str(event.mask),
  };
}

/** Reads a page of events, oldest first; what is no event is left out. */
export const readEvents = (value: unknown): ChatEvent[] =>
  listed(value).map(readEvent).filter((event) => event !== null);

/** Reads the answer that is a page of events. */
export const readPage = (ok: Json): ChatEvent[] => readEvents(unread<Api.Events>(ok).events);

/** Reads the members of a group. */
export function readMembers(value: unknown): Member[] {
  return listed(value).filter(isObject).map((one) => {
    const { name, here, role, muted } = unread<Api.MemberShown>(one);
    return { name: str(name), here: here !== false, role: readRole(role), muted: muted === true };
  });
}

/** Reads the answer that tells who is kept out. */
export function readBans(ok: Json): Ban[] {
  return listed(unread<Api.Bans>(ok).bans).map((one) => {
    const { mask, by, at } = unread<Api.BanShown>(one);
    return { mask: str(mask), by: str(by), at: str(at) };
  });
}

/** Reads the answer that tells with whom there are conversations. */
export function readDirects(ok: Json): { with: string; head: number }[] {
  return listed(unread<Api.Directs>(ok).directs).map((one) => {
    const { with: name, head } = unread<Api.DirectListed>(one);
    return { with: str(name), head: num(head) };
  });
}

/** Reads the answer to create, join or resume. */
export function readEntered(ok: Json, asked: string): Entered {
  const entered = unread<Api.Entered>(ok);
  return {
    group: str(entered.group),
    name: str(entered.name) || asked,
    seat: str(entered.seat) || null,
    head: num(entered.head),
    epoch: str(entered.epoch),
    topic: str(entered.topic),
    alias: str(entered.alias),
    role: readRole(entered.role),
    flags: listed(entered.flags).map(str),
    members: Array.isArray(entered.members) ? readMembers(entered.members) : null,
    reset: entered.reset === true,
  };
}

/** Reads a frame; null where it is of a kind this app does not know. */
export function readFrame(text: string): Frame | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(value)) return null;
  const told = value as Unread<Told>;
  const group = str(told.group);
  if (isObject(told.event)) {
    const event = readEvent(told.event);
    return event && { type: "event", group, event };
  }
  if ("re" in told || isObject(told.error)) return readAnswer(told);
  if (isObject(told.presence)) {
    const { name, here } = told.presence;
    return { type: "presence", group, name: str(name), here: here !== false };
  }
  if (isObject(told.typing)) {
    const state = str(told.typing["state"]);
    const known: TypingState = state === "paused" || state === "done" ? state : "active";
    return { type: "typing", group, name: str(told.typing["name"]), state: known };
  }
  if (isObject(told.direct)) {
    const direct = unread<Api.DirectShown>(told.direct);
    const event = readEvent(direct.event);
    return event && { type: "direct", group, name: str(direct.with), event };
  }
  if (isObject(told.ended)) return { type: "ended", group, reason: str(told.ended["reason"]) };
  return null;
}

function readAnswer(told: Unread<Told>): Frame {
  const re = typeof told.re === "number" ? told.re : null;
  if (isObject(told.error)) {
    const { code, message } = unread<Problem>(told.error);
    return { type: "error", re, error: { code: str(code), message: str(message) } };
  }
  return { type: "ok", re: re ?? -1, ok: isObject(told.ok) ? told.ok : {} };
}
