// What calls the person back: the title, the icon, and notifications where they were asked for.
//
// Knows no component. Nothing here ever tells of history: only of what was said just now.

import { chosen } from "./choices.svelte";
import { homeOf } from "../state/directs";
import type { News } from "./news";

/** `(3) 8888 – Conclave`, and a dot on the icon. */
export function showCounts(title: string | null, counts: { unread: number; mentions: number }): void {
  const name = title === null ? "Conclave" : `${title} – Conclave`;
  document.title = counts.unread > 0 ? `(${counts.unread > 99 ? "99+" : counts.unread}) ${name}` : name;
  const icon = document.getElementById("icon");
  const file = counts.mentions > 0 ? "/icon-called.svg" : counts.unread > 0 ? "/icon-unread.svg" : "/icon.svg";
  if (icon instanceof HTMLLinkElement && icon.getAttribute("href") !== file) icon.setAttribute("href", file);
}

/** One notification a group, which replaces itself; a press on it goes there. */
export function notify(news: readonly News[], open: (group: string) => void): void {
  const wish = chosen.choices.notify;
  if (wish === "none" || !("Notification" in window) || Notification.permission !== "granted") return;
  const last = news.findLast((one) => wish === "all" || one.isCalled);
  if (!last) return;
  const { group, event } = last;
  const shown = new Notification(chosen.words.notification(event.name, homeOf(group)), {
    body: event.text.slice(0, 200),
    tag: `conclave-${group.id}`,
    icon: "/icon-192.png",
    lang: chosen.language,
  });
  shown.onclick = () => {
    window.focus();
    open(group.id);
    shown.close();
  };
}
