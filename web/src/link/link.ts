// The link: one WebSocket that is always either open, being opened, or waiting to be.
//
// Does not know what the frames mean. Frames are handed over in batches, one a frame of the
// display, so that a burst costs one update of the page and not thousands. Invariants: an answer
// is told once; where the socket breaks, every open question is told so.

import { readFrame, type Frame, type Json, type Op, type Problem } from "../api/frames";
import { retryDelay } from "./retry";

/** How the link stands. */
export type LinkState =
  | { readonly kind: "connecting"; readonly attempt: number }
  | { readonly kind: "open" }
  | { readonly kind: "waiting"; readonly attempt: number; readonly until: number };

/** An answer: what was asked for, what is wrong with it, or nothing because the socket broke. */
export type Answer =
  | { readonly type: "ok"; readonly ok: Json }
  | { readonly type: "error"; readonly error: Problem }
  | { readonly type: "broken" };

/** What the link is told of the world, so that tests can be the world. */
export interface World {
  readonly socket: (url: string) => WebSocket;
  readonly now: () => number;
  readonly random: () => number;
  readonly later: (run: () => void, ms: number) => number;
  readonly cancel: (timer: number) => void;
  /** Runs before the next picture, or soon where none is drawn. */
  readonly nextFrame: (run: () => void) => void;
}

export interface Listener {
  /** Frames that no question waits for. */
  readonly frames: (frames: readonly Frame[]) => void;
  readonly state: (state: LinkState) => void;
}

export interface Link {
  /** Asks the server; the answer may be that the link broke. */
  readonly ask: (op: Op, answered: (answer: Answer) => void) => void;
  /** Tells the server something that has no answer; lost where the link is not open. */
  readonly tell: (op: Op) => void;
  /** Tries at once where it waits, and makes sure that an open socket is alive. */
  readonly wake: () => void;
  readonly state: () => LinkState;
}

/** A socket that has not opened by then is given up. */
const OPEN_MAX_MS = 10_000;
/** After so long without a frame the link asks whether anybody is there. */
const SILENCE_MS = 30_000;
/** A link that gave no sign within this time after being asked is broken. */
const SIGN_MAX_MS = 8_000;
/** A link that was open for less time is counted as a failed try. */
const HELD_MS = 1_000;
/** Time spent on frames before the page may draw again. */
const BATCH_MS = 6;
/** A batch ends here whatever time it took. */
const BATCH_FRAMES = 400;
/** A batch of more frames than this is a rush: they come faster than anybody reads. */
const RUSH_FRAMES = 8;
/** How long what comes in a rush is gathered before the next picture of it, in milliseconds. */
const RUSH_MS = 40;

export function openLink(url: string, world: World, listener: Listener): Link {
  let state: LinkState = { kind: "connecting", attempt: 0 };
  let socket: WebSocket | null = null;
  let timer: number | null = null;
  let sign: number | null = null;
  let heard = 0;
  let opened = 0;
  let ref = 0;
  const questions = new Map<number, (answer: Answer) => void>();
  let inbox: string[] = [];
  let isDrainDue = false;

  const become = (next: LinkState): void => {
    state = next;
    listener.state(next);
  };

  const drain = (): void => {
    isDrainDue = false;
    const until = world.now() + BATCH_MS;
    const frames: Frame[] = [];
    let taken = 0;
    const flush = (): void => {
      if (frames.length > 0) listener.frames(frames.splice(0));
    };
    while (taken < inbox.length && taken < BATCH_FRAMES) {
      const frame = readFrame(inbox[taken] ?? "");
      taken += 1;
      const answered = frame && "re" in frame && frame.re !== null ? questions.get(frame.re) : undefined;
      if (frame && answered && (frame.type === "ok" || frame.type === "error")) {
        questions.delete(frame.re as number);
        // What came before the answer is told before it.
        flush();
        answered(frame.type === "ok" ? { type: "ok", ok: frame.ok } : { type: "error", error: frame.error });
      } else if (frame) {
        frames.push(frame);
      }
      if (taken % 16 === 0 && world.now() > until) break;
    }
    flush();
    inbox = inbox.slice(taken);
    if (inbox.length > 0) {
      drainLater();
    } else if (taken > RUSH_FRAMES) {
      // To draw each picture anew would take all of the page's time, and nobody would see more.
      isDrainDue = true;
      world.later(() => world.nextFrame(drain), RUSH_MS);
    }
  };
  const drainLater = (): void => {
    if (isDrainDue) return;
    isDrainDue = true;
    world.nextFrame(drain);
  };

  const stopTimer = (): void => {
    if (timer !== null) world.cancel(timer);
    timer = null;
  };
  const stopSign = (): void => {
    if (sign !== null) world.cancel(sign);
    sign = null;
  };

  const broke = (attempt: number): void => {
    if (socket) {
      socket.onopen = socket.onclose = socket.onmessage = socket.onerror = null;
      socket.close();
    }
    socket = null;
    stopTimer();
    stopSign();
    // What had arrived before the break is still true.
    while (inbox.length > 0) drain();
    const open = [...questions.values()];
    questions.clear();
    for (const answered of open) answered({ type: "broken" });
    const wait = retryDelay(attempt, world.random());
    if (wait === 0) {
      connect(attempt);
    } else {
      timer = world.later(() => connect(attempt), wait);
      become({ kind: "waiting", attempt, until: world.now() + wait });
    }
  };

  const connect = (attempt: number): void => {
    stopTimer();
    const opening = world.socket(url);
    socket = opening;
    timer = world.later(() => broke(attempt + 1), OPEN_MAX_MS);
    opening.onopen = () => {
      stopTimer();
      opened = heard = world.now();
      become({ kind: "open" });
      watch();
    };
    opening.onmessage = (message) => {
      heard = world.now();
      stopSign();
      if (typeof message.data !== "string") return;
      inbox.push(message.data);
      drainLater();
    };
    // Where the link held, the count begins again; where it breaks at once, it goes on, so that a
    // server which takes sockets only to close them is not asked without a pause.
    opening.onclose = () => {
      const held = state.kind === "open" && world.now() - opened >= HELD_MS;
      broke(held ? 1 : attempt + 1);
    };
    become({ kind: "connecting", attempt });
  };

  const send = (op: Op & { readonly ref?: number }): void => socket?.send(JSON.stringify(op));

  /** Asks for a sign of life; any answer will do, also that the server does not know the word. */
  const probe = (): void => {
    if (sign !== null || state.kind !== "open") return;
    sign = world.later(() => {
      sign = null;
      broke(1);
    }, SIGN_MAX_MS);
    ask({ op: "ping" }, () => undefined);
  };
  const watch = (): void => {
    timer = world.later(() => {
      if (world.now() - heard >= SILENCE_MS) probe();
      watch();
    }, SILENCE_MS);
  };

  const ask = (op: Op, answered: (answer: Answer) => void): void => {
    if (state.kind !== "open") {
      answered({ type: "broken" });
      return;
    }
    ref += 1;
    questions.set(ref, answered);
    send({ ...op, ref });
  };

  connect(0);
  return {
    ask,
    tell: (op) => {
      if (state.kind === "open") send(op);
    },
    wake: () => {
      if (state.kind === "waiting") connect(state.attempt);
      else if (world.now() - heard > 2_000) probe();
    },
    state: () => state,
  };
}
