// The client: the link, the state and the store, joined.
//
// Knows no component. Everything a person does is a function here; everything that is to be seen
// is in `app`, which changes as a whole and at most once a batch of frames.

import { readEntered, readEvents, readMembers, num, type ChatEvent, type Entered, type Frame, type Json, type Op, type Problem } from "../api/frames";
import type { Answer, Link, LinkState, Listener } from "../link/link";
import { firstSeq, isMessage, lastSeq, newGroup, type Group } from "../state/group";
import { groupOf, isSeen, newApp, reduce, type App, type Input } from "../state/app";
import { due, isTemporary, type Send } from "../state/sends";
import { TELL_EVERY_MS } from "../state/typing";
import * as kept from "../store/kept";
import { mentions } from "../text/mentions";

/** Events asked for at a time. */
const PAGE = 100;
/** Milliseconds before a send that the server could not take is tried again. */
const AGAIN_MS = 2_000;
/** A number past every head: a resume there is answered with the newest page. */
const PAST_EVERY_HEAD = Number.MAX_SAFE_INTEGER;

export type Outcome<T> = { readonly ok: T } | { readonly problem: Problem };

const broken: Problem = { code: "broken", message: "" };

/** What came in while it could be of interest to somebody who looks elsewhere. */
export interface News {
  readonly group: Group;
  readonly event: ChatEvent;
  readonly isCalled: boolean;
}

export class Client {
  app: App = $state.raw(newApp());
  /** Called for messages of others that were said just now. */
  onNews: (news: readonly News[]) => void = () => undefined;
  /** Messages shown to one member alone. */
  onDirect: (group: string, name: string, text: string) => void = () => undefined;

  #link: Link | null = null;
  /** The page of each group that was asked for last. */
  #pages = new Map<string, Promise<void>>();
  #deadEnds = new Set<string>();
  #told = new Map<string, number>();
  #keepDue: ReturnType<typeof setTimeout> | null = null;

  /** Reads what was kept and opens the link. */
  start(connect: (listener: Listener) => Link): void {
    for (const seat of kept.readSeats()) this.#restore(seat);
    this.#link = connect({
      frames: (frames) => this.#take(frames),
      state: (link) => this.#linked(link),
    });
  }

  #restore(seat: kept.Seat): void {
    const events = kept.readPage(seat.group);
    const group: Group = {
      ...newGroup(seat.group, seat.name),
      epoch: seat.epoch,
      topic: seat.topic,
      alias: seat.alias,
      read: seat.read,
      events,
      head: events.at(-1)?.seq ?? 0,
      sends: kept.readSends(seat.group),
    };
    this.#put({ type: "added", group });
  }

  #put(...inputs: readonly Input[]): void {
    this.app = inputs.reduce(reduce, this.app);
    this.#keepLater();
  }

  // The link.

  #linked(link: LinkState): void {
    const wasOpen = this.app.link.kind === "open";
    this.#put({ type: "linked", link });
    if (link.kind === "open" && !wasOpen) for (const group of this.app.groups) this.#resume(group.id);
  }

  wake(): void {
    this.#link?.wake();
  }

  #ask(op: Op): Promise<Outcome<Json>> {
    return new Promise((resolve) => {
      const answered = (answer: Answer): void =>
        resolve(answer.type === "ok" ? { ok: answer.ok } : { problem: answer.type === "error" ? answer.error : broken });
      if (this.#link) this.#link.ask(op, answered);
      else resolve({ problem: broken });
    });
  }

  #resume(id: string): void {
    const group = groupOf(this.app, id);
    const seat = kept.readSeat(id);
    if (!group || !seat || group.standing.kind === "in") return;
    // In this page's life the window goes on where it was; after a load the newest page is enough.
    const isWarm = this.#warm.has(id) && group.head > 0;
    const after = isWarm ? group.head : null;
    const op: Op = {
      op: "resume",
      group: id,
      seat: seat.seat,
      after: after ?? PAST_EVERY_HEAD,
      ...(group.epoch === "" || after === null ? {} : { epoch: group.epoch }),
    };
    this.#link?.ask(op, (answer) => {
      if (answer.type === "ok") this.#enter(readEntered(answer.ok, group.you), after);
      else if (answer.type === "error") this.#resumeRefused(id, answer.error);
    });
  }
  /** Groups that this page has been in since it was loaded. */
  #warm = new Set<string>();

  #resumeRefused(id: string, problem: Problem): void {
    if (isTemporary(problem.code) || problem.code === "too-many-guesses") {
      setTimeout(() => this.#resume(id), AGAIN_MS);
      return;
    }
    const reasons: Record<string, string> = { banned: "removed", "group-closed": "closed" };
    this.#put({ type: "ended", group: id, reason: reasons[problem.code] ?? "gone" });
  }

  #enter(answer: Entered, after: number | null): void {
    this.#warm.add(answer.group);
    this.#deadEnds.clear();
    this.#put({ type: "entered", answer, after });
    const group = groupOf(this.app, answer.group);
    if (!group) return;
    this.#flush(answer.group);
    if (answer.members === null) void this.loadMembers(answer.group);
    // After a join nothing of the past is sent by itself.
    if (after === null && !answer.reset && answer.head > 0) void this.loadOlder(answer.group);
  }

  // Frames.

  #take(frames: readonly Frame[]): void {
    let app = this.app;
    const news: News[] = [];
    let events: ChatEvent[] = [];
    let of = "";
    const flush = (): void => {
      const before = groupOf(app, of);
      if (events.length > 0 && before) {
        news.push(...newsOf(app, before, events));
        app = reduce(app, { type: "happened", group: of, events });
      }
      events = [];
    };
    for (const frame of frames) {
      if (frame.type === "event") {
        if (frame.group !== of) flush();
        of = frame.group;
        events.push(frame.event);
        continue;
      }
      flush();
      if (frame.type === "presence") app = reduce(app, frame);
      if (frame.type === "typing") app = reduce(app, { ...frame, now: Date.now() });
      if (frame.type === "ended") app = reduce(app, frame);
      if (frame.type === "direct") this.#direct(frame.group, frame.name, frame.event);
    }
    flush();
    this.app = app;
    for (const group of app.groups) this.#dropSettled(group);
    this.#keepLater();
    if (news.length > 0) this.onNews(news);
  }

  #direct(group: string, name: string, event: ChatEvent): void {
    // What this member said itself, here or in another tab, is no news to it.
    if (event.name === groupOf(this.app, group)?.you) return;
    this.onDirect(group, name || event.name, event.text);
  }

  // Coming and going.

  async create(name: string, password: string): Promise<Outcome<Entered>> {
    return this.#come({ op: "create", name, password }, name);
  }

  async join(group: string, name: string, secret: { password: string } | { invite: string }): Promise<Outcome<Entered>> {
    return this.#come({ op: "join", group, name, ...secret }, name);
  }

  async #come(op: Op, name: string): Promise<Outcome<Entered>> {
    const answer = await this.#ask(op);
    if ("problem" in answer) return answer;
    const entered = readEntered(answer.ok, name);
    kept.keepSeat({
      group: entered.group,
      seat: entered.seat ?? "",
      name: entered.name,
      read: entered.head,
      epoch: entered.epoch,
      topic: entered.topic,
      alias: entered.alias,
      since: Date.now(),
    });
    // What an earlier membership left behind is of no use to this one.
    if (groupOf(this.app, entered.group)) this.#put({ type: "removed", group: entered.group });
    this.#enter(entered, null);
    return { ok: entered };
  }

  async leave(id: string): Promise<Outcome<Json>> {
    const group = groupOf(this.app, id);
    if (group?.standing.kind !== "ended") {
      const answer = await this.#ask({ op: "leave", group: id });
      if ("problem" in answer) return answer;
    }
    this.forget(id);
    return { ok: {} };
  }

  forget(id: string): void {
    kept.forget(id);
    this.#warm.delete(id);
    this.#put({ type: "removed", group: id });
  }

  /** Another tab came into a group or left it. */
  seatChanged(id: string): void {
    const seat = kept.readSeat(id);
    const group = groupOf(this.app, id);
    if (!seat && group) {
      this.#warm.delete(id);
      this.#put({ type: "removed", group: id });
    } else if (seat && !group) {
      this.#restore(seat);
      this.#resume(id);
    }
  }

  // Talking.

  say(group: string, text: string, kind: "said" | "action" = "said"): void {
    const send: Send = { id: newId(), text, kind, at: Date.now(), state: { kind: "queued" } };
    kept.keepSend(group, send);
    this.#put({ type: "queued", group, send });
    this.#told.delete(group);
    this.#flush(group);
  }

  retry(group: string, id: string): void {
    this.#put({ type: "retried", group, id });
    this.#flush(group);
  }

  discard(group: string, id: string): void {
    kept.dropSend(group, id);
    this.#put({ type: "discarded", group, id });
  }

  #flush(id: string): void {
    const group = groupOf(this.app, id);
    if (!group || group.standing.kind !== "in" || !this.#link) return;
    for (const send of due(group.sends)) {
      this.#put({ type: "given", group: id, id: send.id });
      const op: Op = { op: "send", group: id, text: send.text, client_id: send.id, ...(send.kind === "action" ? { kind: "action" } : {}) };
      this.#link.ask(op, (answer) => this.#answered(id, send.id, answer));
    }
  }

  #answered(group: string, id: string, answer: Answer): void {
    // After a break the send is queued anew by the state, and tried again with the resume.
    if (answer.type === "broken") return;
    if (answer.type === "ok") {
      kept.dropSend(group, id);
      this.#put({ type: "settled", group, id, seq: num(answer.ok["seq"]) });
    } else if (isTemporary(answer.error.code)) {
      setTimeout(() => this.retry(group, id), AGAIN_MS);
    } else {
      this.#put({ type: "refused", group, id, problem: answer.error });
    }
    this.#flush(group);
  }

  #dropSettled(group: Group): void {
    for (const send of group.sends) if (send.state.kind === "saved") kept.dropSend(group.id, send.id);
  }

  /** Says that this member is typing, or has stopped. */
  typing(group: string, state: "active" | "done"): void {
    const now = Date.now();
    const last = this.#told.get(group) ?? 0;
    if (state === "active" ? now - last < TELL_EVERY_MS : last === 0) return;
    this.#told.set(group, state === "active" ? now : 0);
    this.#link?.tell({ op: "typing", group, state });
  }

  // History.

  async loadOlder(id: string): Promise<void> {
    const group = groupOf(this.app, id);
    const before = group ? firstSeq(group) || group.head + 1 : 1;
    if (group && before > group.floor) await this.#page(id, "older", { before });
  }

  async loadNewer(id: string): Promise<void> {
    const group = groupOf(this.app, id);
    if (group && lastSeq(group) < group.head) await this.#page(id, "newer", { after: lastSeq(group) });
  }

  /** Brings the page around a number into the window. */
  async seek(id: string, seq: number): Promise<void> {
    const group = groupOf(this.app, id);
    if (!group) return;
    const before = Math.min(group.head, Math.max(1, Math.round(seq)) + PAGE / 2) + 1;
    await this.#page(id, "around", { before });
  }

  /** Asks for a page once the one that is under way has come. */
  async #page(id: string, place: "older" | "newer" | "around", at: Json): Promise<void> {
    const wish = `${id} ${place} ${JSON.stringify(at)}`;
    // What brought nothing would bring nothing again.
    if (this.#deadEnds.has(wish)) return;
    const before = this.#pages.get(id) ?? Promise.resolve();
    const page = before.then(async () => {
      const answer = await this.#ask({ op: "history", group: id, ...at, limit: PAGE });
      if ("problem" in answer) return;
      const window = groupOf(this.app, id);
      this.#put({ type: "paged", group: id, place, events: readEvents(answer.ok["events"]) });
      if (groupOf(this.app, id) === window) this.#deadEnds.add(wish);
    });
    this.#pages.set(id, page);
    await page;
  }

  // Everything else a member does.

  async loadMembers(group: string): Promise<void> {
    const answer = await this.#ask({ op: "members", group });
    if ("ok" in answer) this.#put({ type: "members", group, members: readMembers(answer.ok["members"]) });
  }

  do(op: Op): Promise<Outcome<Json>> {
    return this.#ask(op);
  }

  open(group: string | null): void {
    this.#put({ type: "opened", group });
  }
  follow(group: string, isFollowed: boolean): void {
    this.#put({ type: "followed", group, isFollowed });
  }
  focus(hasFocus: boolean): void {
    this.#put({ type: "focused", hasFocus });
  }
  /** Marks a group as read to its newest event, and takes the line away. */
  markRead(group: string): void {
    const { head = 0 } = groupOf(this.app, group) ?? {};
    this.#put({ type: "read", group, seq: head }, { type: "lineCleared", group });
  }
  told(group: string): void {
    this.#put({ type: "told", group });
  }
  tick(): void {
    if (this.app.groups.some((group) => group.typing.length > 0)) this.#put({ type: "passed", now: Date.now() });
  }

  // Keeping.

  #keepLater(): void {
    this.#keepDue ??= setTimeout(() => this.keep(), 1_000);
  }

  /** Writes what the next visit needs. */
  keep(): void {
    if (this.#keepDue !== null) clearTimeout(this.#keepDue);
    this.#keepDue = null;
    for (const group of this.app.groups) {
      const seat = kept.readSeat(group.id);
      // Another tab may have left meanwhile.
      if (!seat) continue;
      const { you: name, epoch, topic, alias } = group;
      const next = { ...seat, name, epoch, topic, alias, read: Math.max(seat.read, group.read) };
      if (epoch !== seat.epoch && seat.epoch !== "") next.read = group.read;
      if (JSON.stringify(next) !== JSON.stringify(seat)) kept.keepSeat(next);
      if (group.head > 0 && lastSeq(group) >= group.head) kept.keepPage(group.id, group.events);
    }
  }
}

/** What of these events is news: said by others, just now, and not part of what is caught up. */
function newsOf(app: App, group: Group, events: readonly ChatEvent[]): News[] {
  if (group.head === 0 || isSeen(app, group)) return [];
  const live = events.filter((event) => event.seq > group.head && event.seq > group.missedUpTo);
  return live
    .filter((event) => isMessage(event) && event.name !== group.you)
    .map((event) => ({ group, event, isCalled: mentions(event.text, group.you) }));
}

/** A client id: random, also where the page is not served over TLS. */
function newId(): string {
  if ("randomUUID" in crypto) return crypto.randomUUID();
  const bytes = (crypto as Crypto).getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

