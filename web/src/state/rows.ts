// The rows of the log: what stands under what, made of events and sends.
//
// Pure: the time and the language are parameters. Norms: the same author within 5 minutes has one
// name; a day has a line; one line says where the unread begins; people coming and going are folded
// into one row, unless it is about the reader.

import type { ChatEvent } from "../api/frames";
import { mentions } from "../text/mentions";
import { dayOf } from "../text/time";
import { isAtEnd, isAtStart, isMessage, type Group } from "./group";
import { isUnheard } from "./ignored";
import { shown, type Send } from "./sends";

export type Row =
  | { readonly kind: "start"; readonly key: string }
  | { readonly kind: "hole"; readonly key: string }
  | { readonly kind: "day"; readonly key: string; readonly at: number }
  | { readonly kind: "new"; readonly key: string }
  | MessageRow
  | { readonly kind: "notice"; readonly key: string; readonly event: ChatEvent }
  | { readonly kind: "fold"; readonly key: string; readonly events: readonly ChatEvent[] }
  | { readonly kind: "send"; readonly key: string; readonly send: Send; readonly isFirst: boolean };

export interface MessageRow {
  readonly kind: "message";
  readonly key: string;
  readonly event: ChatEvent;
  /** Whether the author's name stands above it. */
  readonly isFirst: boolean;
  readonly isMine: boolean;
  readonly isCalled: boolean;
}

/** Messages of one author within this time have one name. */
const TOGETHER_MS = 5 * 60_000;
/** Kinds that tell of people coming and going. */
const isTraffic = (event: ChatEvent): boolean => event.kind === "joined" || event.kind === "left";

const made = new WeakMap<ChatEvent, MessageRow>();

/** The row of a message; the same object while nothing about it changes. */
function messageRow(event: ChatEvent, isFirst: boolean, { you, direct }: Group): MessageRow {
  const isMine = event.name === you;
  const before = made.get(event);
  if (before && before.isFirst === isFirst && before.isMine === isMine) return before;
  const isCalled = !isMine && direct === null && mentions(event.text, you);
  const row: MessageRow = { kind: "message", key: `m${event.seq}`, event, isFirst, isMine, isCalled };
  made.set(event, row);
  return row;
}

/** Whose name stands above, and since when. */
interface Author {
  readonly name: string;
  readonly at: number;
}

/** The rows of a group, oldest first. */
export function rowsOf(group: Group): Row[] {
  const rows: Row[] = [];
  let traffic: ChatEvent[] = [];
  let author: Author | null = null;
  let day = 0;
  let isLineDue = group.line !== null;
  const fold = (): void => {
    const [first] = traffic;
    if (first && traffic.length === 1) rows.push({ kind: "notice", key: `n${first.seq}`, event: first });
    else if (first) rows.push({ kind: "fold", key: `f${first.seq}`, events: traffic });
    if (first) author = null;
    traffic = [];
  };

  if (group.events.length > 0 && isAtStart(group)) rows.push({ kind: "start", key: "start" });
  for (const event of group.events) {
    if (!isShown(event) || isUnheard(group, event) || (group.direct !== null && isTraffic(event))) continue;
    if (group.hole !== null && group.hole > 0 && event.seq === group.hole) {
      fold();
      rows.push({ kind: "hole", key: "hole" });
      author = null;
    }
    const today = dayOf(event.at);
    if (today !== day) {
      fold();
      rows.push({ kind: "day", key: `d${event.seq}`, at: event.at });
      day = today;
      author = null;
    }
    if (isLineDue && event.seq > (group.line ?? 0)) {
      isLineDue = false;
      fold();
      // With nothing above it the line would say that everything is new, which is no help.
      const isFirst = isAtStart(group) && rows.every((row) => row.kind === "start" || row.kind === "day");
      if (!isFirst) rows.push({ kind: "new", key: "new" });
      author = null;
    }
    if (isTraffic(event) && event.name !== group.you) {
      traffic.push(event);
    } else if (isMessage(event)) {
      fold();
      const isFirst: boolean = !author || author.name !== event.name || event.at - author.at > TOGETHER_MS || event.kind === "action";
      rows.push(messageRow(event, isFirst, group));
      if (event.kind === "action") author = null;
      else if (isFirst) author = { name: event.name, at: event.at };
    } else {
      fold();
      rows.push({ kind: "notice", key: `n${event.seq}`, event });
      author = null;
    }
  }
  fold();
  if (isAtEnd(group)) pushSends(rows, group, author);
  return rows;
}

function pushSends(rows: Row[], group: Group, author: Author | null): void {
  let isFirst = author?.name !== group.you;
  for (const send of shown(group.sends)) {
    rows.push({ kind: "send", key: send.id, send, isFirst: isFirst || send.kind === "action" });
    isFirst = send.kind === "action";
  }
}

/** Kinds this app has words for; others are shown as nothing. */
const KINDS = ["said", "action", "joined", "left", "renamed", "topic", "removed", "role", "settings"];
const isShown = (event: ChatEvent): boolean => KINDS.includes(event.kind);

/** Who came and who went in a fold, as it is at its end; who went and came back is not told of. */
export function foldedNames(events: readonly ChatEvent[]): { joined: string[]; left: string[] } {
  const wasThere = new Map<string, boolean>();
  const isThere = new Map<string, boolean>();
  for (const { kind, name } of events) {
    if (!wasThere.has(name)) wasThere.set(name, kind !== "joined");
    isThere.set(name, kind === "joined");
  }
  const names = [...isThere.keys()];
  return {
    joined: names.filter((name) => isThere.get(name) === true && wasThere.get(name) === false),
    left: names.filter((name) => isThere.get(name) === false),
  };
}

/**
 * How high a row will about be, in pixels, before it was seen.
 *
 * Good guesses keep the scrollbar still; a wrong one is put right as soon as the row is drawn.
 */
export function guessHeight(row: Row, width: number): number {
  switch (row.kind) {
    case "message":
      return textHeight(row.event.text, width) + (row.isFirst ? 33 : 2);
    case "send":
      return textHeight(row.send.text, width) + (row.isFirst ? 33 : 2);
    case "start":
      return 136;
    case "day":
    case "new":
      return 40;
    case "hole":
      return 56;
    default:
      return 28;
  }
}

function textHeight(text: string, width: number): number {
  const perLine = Math.max(16, Math.floor(width / 7.4));
  if (!text.includes("\n")) return 22 * Math.max(1, Math.ceil(text.length / perLine));
  let lines = 0;
  for (const line of text.split("\n")) lines += Math.max(1, Math.ceil(line.length / perLine));
  return 22 * lines;
}
