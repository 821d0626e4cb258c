// What this member has said and the server has not yet shown to everyone.
//
// Pure. A send keeps its client id for life, so that however often it is tried it lands once.
// Invariants: sends stay in the order they were typed; one that failed waits for a decision and
// holds up nobody.

import type { ChatEvent } from "../api/frames";

export type SendState =
  /** Not given to a socket yet, or to one that broke. */
  | { readonly kind: "queued" }
  /** Given to the socket; the answer is not there, but an event that says the same may be. */
  | { readonly kind: "sent"; readonly isShown: boolean }
  /** Saved under this number; its event is on the way. */
  | { readonly kind: "saved"; readonly seq: number }
  | { readonly kind: "failed"; readonly code: string; readonly message: string };

export interface Send {
  readonly id: string;
  readonly text: string;
  readonly kind: "said" | "action";
  readonly at: number;
  readonly state: SendState;
}

/** Most sends given to the socket before the first is answered. */
export const IN_FLIGHT_MAX = 16;

export const queue = (sends: readonly Send[], send: Send): readonly Send[] =>
  sends.some((other) => other.id === send.id) ? sends : [...sends, send];

/** Those to give to the socket now, in order. */
export function due(sends: readonly Send[]): readonly Send[] {
  const waiting = sends.filter((send) => send.state.kind === "queued");
  const flying = sends.filter((send) => send.state.kind === "sent").length;
  return waiting.slice(0, Math.max(0, IN_FLIGHT_MAX - flying));
}

export const mark = (sends: readonly Send[], id: string, state: SendState): readonly Send[] =>
  sends.map((send) => (send.id === id ? { ...send, state } : send));

/** After a break: what has no answer is sent once more, with the same id. */
export const requeue = (sends: readonly Send[]): readonly Send[] =>
  sends.map((send) => (send.state.kind === "sent" ? { ...send, state: { kind: "queued" } } : send));

export const discard = (sends: readonly Send[], id: string): readonly Send[] =>
  sends.filter((send) => send.id !== id);

/** The server has saved it; where its event was seen before the answer, it is done. */
export function settle(
  sends: readonly Send[],
  id: string,
  seq: number,
  head: number,
): readonly Send[] {
  return seq <= head ? discard(sends, id) : mark(sends, id, { kind: "saved", seq });
}

/**
 * An event of this member's is there: the send that was waiting for it is done.
 *
 * Where the answer is still on the way, the first send of the same words is no longer shown, so
 * that nothing stands there twice; the answer decides.
 */
export function settleByEvent(sends: readonly Send[], event: ChatEvent): readonly Send[] {
  const saved = sends.findIndex((send) => send.state.kind === "saved" && send.state.seq === event.seq);
  if (saved >= 0) return sends.toSpliced(saved, 1);
  const alike = sends.find(
    (send) =>
      send.state.kind === "sent" &&
      !send.state.isShown &&
      send.kind === event.kind &&
      send.text === event.text,
  );
  return alike ? mark(sends, alike.id, { kind: "sent", isShown: true }) : sends;
}

/** Those that stand below the log as not yet in it. */
export const shown = (sends: readonly Send[]): readonly Send[] =>
  sends.filter((send) => !(send.state.kind === "sent" && send.state.isShown));

/** Refusals after which the same send may succeed without anybody doing anything. */
export const isTemporary = (code: string): boolean =>
  code === "busy" || code === "unknown-outcome" || code === "not-saved" || code === "stopping";
