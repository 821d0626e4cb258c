// What goes over the WebSocket, as JSON: frames from the server, operations to it.
//
// Does not know who reads or writes them. Invariant: what comes from the server is looked at here
// before it is believed, so that the rest of the app has types it can trust.

/** What a member may do, from most to least. */
export type Role = "owner" | "moderator" | "voiced" | "member";

/** One thing that happened in a group. */
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

export interface Member {
  readonly name: string;
  readonly here: boolean;
  readonly role: Role;
  readonly muted: boolean;
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
  readonly members: readonly Member[] | null;
  readonly reset: boolean;
}

export interface Problem {
  readonly code: string;
  readonly message: string;
}

export type TypingState = "active" | "paused" | "done";

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

/** An operation for the server, without its `ref`. */
export type Op = Json & { readonly op: string };

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A member of an object that is to be a string; empty where it is none. */
export const str = (value: unknown): string =>
  typeof value === "string" ? value : typeof value === "number" ? String(value) : "";

/** A member of an object that is to be a number; 0 where it is none. */
export const num = (value: unknown): number =>
  typeof value === "number" && Number.isFinite(value) ? value : 0;

const roles: readonly string[] = ["owner", "moderator", "voiced", "member"];
export const readRole = (value: unknown): Role =>
  roles.includes(str(value)) ? (value as Role) : "member";

/** Reads an event; null where it is none. */
export function readEvent(value: unknown): ChatEvent | null {
  if (!isObject(value)) return null;
  const seq = num(value["seq"]);
  const kind = str(value["kind"]);
  if (!Number.isSafeInteger(seq) || seq < 1 || kind === "") return null;
  const at = Date.parse(str(value["at"]));
  return {
    seq,
    at: Number.isNaN(at) ? 0 : at,
    name: str(value["name"]),
    kind,
    text: str(value["text"]),
    to: str(value["to"]),
    by: str(value["by"]),
    of: str(value["of"]),
    role: str(value["role"]),
    change: str(value["change"]),
    isOn: value["on"] === true,
    mask: str(value["mask"]),
  };
}

/** Reads a page of events, oldest first; what is no event is left out. */
export function readEvents(value: unknown): ChatEvent[] {
  if (!Array.isArray(value)) return [];
  return value.map(readEvent).filter((event) => event !== null);
}

/** Reads the members of a group. */
export function readMembers(value: unknown): Member[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isObject).map((member) => ({
    name: str(member["name"]),
    here: member["here"] !== false,
    role: readRole(member["role"]),
    muted: member["muted"] === true,
  }));
}

/** Reads the answer to create, join or resume. */
export function readEntered(ok: Json, asked: string): Entered {
  return {
    group: str(ok["group"]),
    name: str(ok["name"]) || asked,
    seat: str(ok["seat"]) || null,
    head: num(ok["head"]),
    epoch: str(ok["epoch"]),
    topic: str(ok["topic"]),
    alias: str(ok["alias"]),
    role: readRole(ok["role"]),
    members: Array.isArray(ok["members"]) ? readMembers(ok["members"]) : null,
    reset: ok["reset"] === true,
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
  const group = str(value["group"]);
  if (isObject(value["event"])) {
    const event = readEvent(value["event"]);
    return event && { type: "event", group, event };
  }
  if ("re" in value || isObject(value["error"])) return readAnswer(value);
  if (isObject(value["presence"])) {
    const { name, here } = value["presence"];
    return { type: "presence", group, name: str(name), here: here !== false };
  }
  if (isObject(value["typing"])) {
    const state = str(value["typing"]["state"]);
    const known: TypingState = state === "paused" || state === "done" ? state : "active";
    return { type: "typing", group, name: str(value["typing"]["name"]), state: known };
  }
  if (isObject(value["direct"])) {
    const event = readEvent(value["direct"]["event"]);
    return event && { type: "direct", group, name: str(value["direct"]["with"]), event };
  }
  if (isObject(value["ended"])) return { type: "ended", group, reason: str(value["ended"]["reason"]) };
  return null;
}

function readAnswer(value: Json): Frame {
  const re = typeof value["re"] === "number" ? value["re"] : null;
  const error = value["error"];
  if (isObject(error)) {
    return { type: "error", re, error: { code: str(error["code"]), message: str(error["message"]) } };
  }
  return { type: "ok", re: re ?? -1, ok: isObject(value["ok"]) ? value["ok"] : {} };
}
