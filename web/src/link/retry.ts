// When to try again after a connection broke: at once, then 1, 2, 4 … 30 s, each jittered.
//
// Knows no socket and no clock. Jitter keeps a thousand browsers from coming back in one moment
// after the server was restarted.

/** The longest wait between two tries, in milliseconds, before jitter. */
export const RETRY_MAX_MS = 30_000;

/** Milliseconds to wait before try `attempt`, counted from 1; `random` is from 0 to 1. */
export function retryDelay(attempt: number, random: number): number {
  if (attempt <= 1) return 0;
  const full = Math.min(RETRY_MAX_MS, 1_000 * 2 ** (attempt - 2));
  return Math.round(full * (0.75 + 0.25 * random));
}
