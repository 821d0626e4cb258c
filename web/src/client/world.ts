// The browser, as the link sees it.

import type { World } from "../link/link";

export const browserWorld: World = {
  socket: (url) => new WebSocket(url),
  now: () => performance.now(),
  random: () => Math.random(),
  later: (run, ms) => window.setTimeout(run, ms),
  cancel: (timer) => window.clearTimeout(timer),
  nextFrame: (run) => {
    // No picture is drawn of a page that nobody sees, and what is said there counts all the same.
    if (document.hidden) window.setTimeout(run, 50);
    else requestAnimationFrame(run);
  },
};
