// What the browser keeps of groups: seats, drafts, unsent messages, the last page of each.
//
// Does not know what they mean to the app. One key a thing, so that two tabs do not overwrite each
// other's.

import { num, readEvents, type ChatEvent } from "../api/frames";
import { IGNORED_MAX } from "../state/ignored";
import type { Send } from "../state/sends";
import { get, keys, PREFIX, put } from "./local";

export interface Seat {
  readonly group: string;
  readonly seat: string;
  readonly name: string;
  readonly read: number;
  readonly epoch: string;
  readonly topic: string;
  readonly alias: string;
  /** When this browser came in: the order of the sidebar. */
  readonly since: number;
}

/** A conversation of two. */
export interface Talk {
  readonly with: string;
  readonly read: number;
  /** Whether it was put out of sight, until there is something new in it. */
  readonly isHidden: boolean;
}

/** Newest events kept for the next visit, each group. */
const PAGE_KEPT = 60;

/** The group about which a changed key of the store says such a thing; null where it is another key. */
export const groupOfKey = (thing: "seat" | "ignored", key: string | null): string | null =>
  key?.startsWith(`${PREFIX}${thing}:`) ? key.slice(PREFIX.length + thing.length + 1) : null;

export function readSeat(group: string): Seat | null {
  const value = get(`seat:${group}`) as Partial<Seat> | null;
  if (!value || typeof value.seat !== "string" || value.seat === "") return null;
  return {
    group,
    seat: value.seat,
    name: value.name ?? "",
    read: value.read ?? 0,
    epoch: value.epoch ?? "",
    topic: value.topic ?? "",
    alias: value.alias ?? "",
    since: value.since ?? 0,
  };
}

export function readSeats(): Seat[] {
  const seats = keys("seat:").map((key) => readSeat(key.slice(5)));
  return seats.filter((seat) => seat !== null).sort((a, b) => a.since - b.since);
}

export const keepSeat = (seat: Seat): void => put(`seat:${seat.group}`, seat);

/** Forgets everything about a group, and about the conversations within it. */
export function forget(group: string): void {
  for (const thing of THINGS) {
    put(`${thing}:${group}`, null);
    for (const key of keys(`${thing}:${group}/`)) put(key, null);
  }
  for (const key of [...keys(`send:${group}:`), ...keys(`send:${group}/`)]) put(key, null);
}
const THINGS = ["seat", "draft", "page", "talk", "ignored"];

/** Keeps what there is of a conversation under another name. */
export function move(from: string, to: string): void {
  for (const key of [...THINGS.map((thing) => `${thing}:${from}`), ...keys(`send:${from}:`)]) {
    put(key.replace(`:${from}`, () => `:${to}`), get(key));
    put(key, null);
  }
}

export function readTalk(id: string): Talk | null {
  const value = get(`talk:${id}`) as Partial<Talk> | null;
  if (!value || typeof value.with !== "string" || value.with === "") return null;
  return { with: value.with, read: num(value.read), isHidden: value.isHidden === true };
}
/** The conversations within a group that are not out of sight. */
export function readTalks(home: string): Talk[] {
  const talks = keys(`talk:${home}/`).map((key) => readTalk(key.slice(5)));
  return talks.filter((talk) => talk !== null && !talk.isHidden) as Talk[];
}
export const keepTalk = (id: string, talk: Talk): void => put(`talk:${id}`, talk);

export function readIgnored(group: string): string[] {
  const names = get(`ignored:${group}`);
  return Array.isArray(names) ? names.filter((name) => typeof name === "string").slice(0, IGNORED_MAX) : [];
}
export const keepIgnored = (group: string, names: readonly string[]): void =>
  put(`ignored:${group}`, names.length === 0 ? null : names);

export const readDraft = (group: string): string => {
  const draft = get(`draft:${group}`);
  return typeof draft === "string" ? draft : "";
};
export const keepDraft = (group: string, text: string): void =>
  put(`draft:${group}`, text === "" ? null : text);

export function readSends(group: string): Send[] {
  const sends = keys(`send:${group}:`).map((key) => get(key) as Send | null);
  return sends
    .filter((send) => send !== null && typeof send.id === "string" && typeof send.text === "string")
    .map((send): Send => ({ ...(send as Send), state: { kind: "queued" } }))
    .sort((a, b) => a.at - b.at);
}
export const keepSend = (group: string, send: Send): void => put(`send:${group}:${send.id}`, send);
export const dropSend = (group: string, id: string): void => put(`send:${group}:${id}`, null);

export function readPage(group: string): ChatEvent[] {
  const value = get(`page:${group}`);
  if (!Array.isArray(value)) return [];
  return readEvents(value.map((event: ChatEvent) => ({ ...event, at: new Date(event.at).toISOString(), on: event.isOn })));
}
export const keepPage = (group: string, events: readonly ChatEvent[]): void =>
  put(`page:${group}`, events.length === 0 ? null : events.slice(-PAGE_KEPT));
