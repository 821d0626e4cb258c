// The client: the link, the state and the store, joined.
//
// Knows no component. Everything a person does is a function here; everything that is to be seen
// is in `app`, which changes as a whole and at most once a batch of frames.

import { num, readDirects, readEntered, readMembers, readPage, type ChatEvent, type Entered, type Frame, type Json, type Op, type Page, type Problem } from "../api/frames";
import type { Answer, Link, LinkState, Listener } from "../link/link";
import { directId, homeOf, type Direct } from "../state/directs";
import { firstSeq, isMessage, lastSeq, newGroup, type Group } from "../state/group";
import { groupOf, isSeen, newApp, reduce, type App, type Input } from "../state/app";
import { isIgnored } from "../state/ignored";
import { unreadIn } from "../state/log";
import { due, isTemporary, type Send } from "../state/sends";
import { TELL_EVERY_MS } from "../state/typing";
import * as kept from "../store/kept";
import { newsOf, type News } from "./news";

/** Events asked for at a time. */
const PAGE = 100;
/** Pages of a conversation that are caught up at once; what is above them is read when it is opened. */
const PULLED_MAX = 10;
/** Milliseconds before a send that the server could not take is tried again. */
const AGAIN_MS = 2_000;
/** A number past every head: a resume there is answered with the newest page. */
const PAST_EVERY_HEAD = Number.MAX_SAFE_INTEGER;

export type Outcome<T> = { readonly ok: T } | { readonly problem: Problem };

const broken: Problem = { code: "broken", message: "" };

export class Client {
  app: App = $state.raw(newApp());
  /** Called for messages of others that were said just now. */
  onNews: (news: readonly News[]) => void = () => undefined;
  /** Called for what another member said to this one alone, where that is not on the screen. */
  onDirect: (conversation: string, name: string, text: string) => void = () => undefined;

  #link: Link | null = null;
  /** The page of each group that was asked for last. */
  #pages = new Map<string, Promise<void>>();
  #deadEnds = new Set<string>();
  #told = new Map<string, number>();
  #comers: (() => void)[] = [];
  #keepDue: ReturnType<typeof setTimeout> | null = null;

  /** Reads what was kept and opens the link. */
  start(connect: (listener: Listener) => Link): void {
    for (const seat of kept.readSeats()) {
      this.#restore(seat);
      for (const talk of kept.readTalks(seat.group)) this.#restoreTalk(seat.group, talk);
    }
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
      ignored: kept.readIgnored(seat.group),
      events,
      head: events.at(-1)?.seq ?? 0,
      sends: kept.readSends(seat.group),
    };
    // What was unread when the page was left has its line again.
    this.#put({ type: "added", group: { ...group, line: unreadIn(group, group.read + 1).length > 0 ? group.read : null } });
  }

  #restoreTalk(home: string, talk: Pick<kept.Talk, "with" | "read">): void {
    const id = directId(home, talk.with);
    const { you = "", standing = { kind: "away" }, ignored = [] } = groupOf(this.app, home) ?? {};
    const events = kept.readPage(id);
    const fresh = newGroup(id, you, { home, with: talk.with });
    this.#put({
      type: "added",
      group: { ...fresh, standing, ignored, events, read: talk.read, head: events.at(-1)?.seq ?? 0, sends: kept.readSends(id) },
    });
  }

  #put(...inputs: readonly Input[]): void {
    this.app = inputs.reduce(reduce, this.app);
    this.#keepLater();
  }

  // The link.

  #linked(link: LinkState): void {
    const wasOpen = this.app.link.kind === "open";
    this.#put({ type: "linked", link });
    if (link.kind !== "connecting") for (const go of this.#comers.splice(0)) go();
    if (link.kind === "open" && !wasOpen) for (const group of this.app.groups) if (!group.direct) this.#resume(group.id);
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
    void this.#catchUp(answer.group);
    if (answer.members === null) void this.loadMembers(answer.group);
    // After a join nothing of the past is sent by itself.
    if (after === null && !answer.reset && answer.head > 0) void this.loadOlder(answer.group);
  }

  // Frames.

  #take(frames: readonly Frame[]): void {
    let app = this.app;
    const news: News[] = [];
    const directs: Extract<Frame, { readonly type: "direct" }>[] = [];
    let events: ChatEvent[] = [];
    let of = "";
    const flush = (): void => {
      const before = groupOf(app, of);
      if (events.length > 0 && before) {
        news.push(...newsOf(app, before, events));
        for (const event of events) this.#heard(app, before, event);
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
      if (frame.type === "direct") directs.push(frame);
    }
    flush();
    const before = this.app;
    this.app = app;
    for (const { id, direct, ignored } of app.groups) {
      // Who is ignored stays so under another name.
      if (direct === null && ignored !== groupOf(before, id)?.ignored) kept.keepIgnored(id, ignored);
    }
    for (const { group, name, event } of directs) news.push(...this.#direct({ home: group, with: name || event.name }, event));
    for (const group of app.groups) this.#dropSettled(group);
    this.#keepLater();
    if (news.length > 0) this.onNews(news);
  }

  /** What an event of a group means beside what is shown of it. */
  #heard(app: App, { id }: Group, event: ChatEvent): void {
    if (event.kind === "renamed") {
      const from = directId(id, event.name);
      if (groupOf(app, from)) kept.move(from, directId(id, event.to));
    } else if (event.kind === "settings" && event.change === "mutes") {
      // A mask may hold for anybody: the server knows for whom.
      void this.loadMembers(id);
    }
  }

  // Conversations of two.

  /** Begins or takes up the conversation with a member of a group; its id. */
  converse(home: string, name: string): string {
    const id = directId(home, name);
    if (groupOf(this.app, id)) return id;
    const { read } = kept.readTalk(id) ?? { read: 0 };
    this.#restoreTalk(home, { with: name, read });
    void this.#pull(id);
    return id;
  }

  /** Puts a conversation out of sight, until there is something new in it. */
  hide(id: string): void {
    const group = groupOf(this.app, id);
    if (!group?.direct) return;
    if (group.head > 0) kept.keepTalk(id, { with: group.direct.with, read: group.head, isHidden: true });
    this.#put({ type: "removed", group: id });
  }

  /** Takes in an event of a conversation; gives it back where it is news. */
  #direct(direct: Direct, event: ChatEvent): News[] {
    const home = groupOf(this.app, direct.home);
    if (home && isIgnored(home, event.name)) return [];
    const id = directId(direct.home, direct.with);
    const known = groupOf(this.app, id);
    // Who left and came back is somebody else, and begins from the start.
    if (known?.standing.kind === "ended") this.#put({ type: "removed", group: id });
    const before = groupOf(this.app, id);
    if (before && before.head > 0 && event.seq === before.head + 1) {
      this.#put({ type: "happened", group: id, events: [event] });
    } else if (before) {
      void this.#pull(id);
    } else if (isMessage(event)) {
      this.converse(direct.home, direct.with);
    }
    const group = groupOf(this.app, id);
    // What this member said itself, here or in another tab, is no news to it.
    if (!group || !isMessage(event) || event.name === group.you || isSeen(this.app, group)) return [];
    if (this.app.open !== id) this.onDirect(id, direct.with, event.text);
    return [{ group, event, isCalled: true }];
  }

  /** Learns what was said in the conversations of a group while this browser was away. */
  async #catchUp(home: string): Promise<void> {
    const answer = await this.#ask({ op: "directs", group: home });
    if ("problem" in answer) return;
    const listed = readDirects(answer.ok);
    for (const { with: name, head } of listed) {
      const id = directId(home, name);
      const known = groupOf(this.app, id);
      if (known && known.head <= head) {
        this.#flush(id);
        if (known.head < head) void this.#pull(id);
        continue;
      }
      // One that was longer than it is now was with somebody else of that name.
      if (known) this.#put({ type: "removed", group: id });
      const talk = kept.readTalk(id);
      if (!talk?.isHidden || talk.read < head) this.converse(home, name);
    }
    for (const { id, direct, head, standing } of this.app.groups) {
      if (direct?.home !== home || standing.kind !== "in" || listed.some((one) => one.with === direct.with)) continue;
      if (head > 0) this.#put({ type: "ended", group: id, reason: "alone" });
      else this.#flush(id);
    }
  }

  /** Brings a conversation to its newest event. */
  async #pull(id: string): Promise<void> {
    for (let pages = 0; pages < PULLED_MAX; pages += 1) {
      const group = groupOf(this.app, id);
      if (!group?.direct || group.standing.kind !== "in") return;
      const { home, with: name } = group.direct;
      const at: Page = group.head > 0 ? { after: group.head } : {};
      const answer = await this.#ask({ op: "direct-history", group: home, with: name, ...at, limit: PAGE });
      if ("problem" in answer) return;
      const events = readPage(answer.ok);
      this.#put({ type: "happened", group: id, events });
      this.#flush(id);
      if (events.length < PAGE || group.head === 0) return;
    }
  }

  // Coming and going.

  async create(name: string, password: string): Promise<Outcome<Entered>> {
    return this.#come({ op: "create", name, password }, name);
  }

  async join(group: string, name: string, secret: { password: string } | { invite: string }): Promise<Outcome<Entered>> {
    return this.#come({ op: "join", group, name, ...secret }, name);
  }

  async #come(op: Op, name: string): Promise<Outcome<Entered>> {
    // Whoever is quicker than the link waits for it, as long as it is on its way.
    if (this.app.link.kind === "connecting") await new Promise<void>((resolve) => this.#comers.push(resolve));
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
      const what = { text: send.text, client_id: send.id, kind: send.kind };
      const { direct } = group;
      const op: Op = direct ? { op: "direct", group: direct.home, to: direct.with, ...what } : { op: "send", group: id, ...what };
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
    // Of a conversation of two the server tells no typing.
    if (groupOf(this.app, group)?.direct) return;
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
  async #page(id: string, place: "older" | "newer" | "around", at: Page): Promise<void> {
    const wish = `${id} ${place} ${JSON.stringify(at)}`;
    // What brought nothing would bring nothing again.
    if (this.#deadEnds.has(wish)) return;
    const before = this.#pages.get(id) ?? Promise.resolve();
    const page = before.then(async () => {
      const { direct } = groupOf(this.app, id) ?? { direct: null };
      const page = { ...at, limit: PAGE };
      const answer = await this.#ask(
        direct ? { op: "direct-history", group: direct.home, with: direct.with, ...page } : { op: "history", group: id, ...page },
      );
      if ("problem" in answer) return;
      const window = groupOf(this.app, id);
      this.#put({ type: "paged", group: id, place, events: readPage(answer.ok) });
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

  open(id: string | null): void {
    this.#put({ type: "opened", group: id });
    const group = groupOf(this.app, id);
    // One that was left while its window was elsewhere in the log has none.
    if (group && group.events.length === 0 && group.head > 0) void this.loadOlder(group.id);
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
  /** Makes what was said in a group from that event on unread again; false where there is nothing. */
  markUnread(id: string, seq: number): boolean {
    const before = groupOf(this.app, id);
    this.#put({ type: "unread", group: id, seq });
    const group = groupOf(this.app, id);
    if (!group || group === before) return false;
    const seat = kept.readSeat(id);
    // Reading on never takes back what is kept as read, and this does.
    if (seat) kept.keepSeat({ ...seat, read: group.read });
    return true;
  }
  /** Chooses whom to ignore in a group, in this browser alone. */
  ignore(group: string, names: readonly string[]): void {
    kept.keepIgnored(group, names);
    this.#put({ type: "ignored", group, names });
  }
  /** Another tab chose so. */
  ignoredChanged(group: string): void {
    this.#put({ type: "ignored", group, names: kept.readIgnored(group) });
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
      const seat = kept.readSeat(homeOf(group));
      // Another tab may have left meanwhile.
      if (!seat) continue;
      if (group.head > 0 && lastSeq(group) >= group.head) kept.keepPage(group.id, group.events);
      if (group.direct) {
        if (group.head > 0) kept.keepTalk(group.id, { with: group.direct.with, read: group.read, isHidden: false });
        continue;
      }
      const { you: name, epoch, topic, alias } = group;
      const next = { ...seat, name, epoch, topic, alias, read: Math.max(seat.read, group.read) };
      if (epoch !== seat.epoch && seat.epoch !== "") next.read = group.read;
      if (JSON.stringify(next) !== JSON.stringify(seat)) kept.keepSeat(next);
    }
  }
}

/** A client id: random, also where the page is not served over TLS. */
function newId(): string {
  if ("randomUUID" in crypto) return crypto.randomUUID();
  const bytes = (crypto as Crypto).getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

