// Mounts the app, or lets it take over the start page that is there already; nothing else.

import { flushSync, hydrate, mount } from "svelte";
import { chosen } from "./client/choices.svelte";
import { Client } from "./client/client.svelte";
import { shownTab, takeOver } from "./client/early";
import { browserWorld } from "./client/world";
import { openLink } from "./link/link";
import App from "./views/App.svelte";

await chosen.begin();
const client = new Client();
const url = new URL("/api/v1/ws", location.href);
url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
client.start((listener) => openLink(url.href, browserWorld, listener));

const target = document.getElementById("app");
if (target) {
  const mounted = { target, props: { client, tab: shownTab() } };
  const app = {
    hydrate: () => {
      hydrate(App, mounted);
      flushSync();
    },
    mount: () => {
      mount(App, mounted);
      flushSync();
    },
  };
  // Another tab may have come into a group since the start page was shown in this one.
  if (target.firstElementChild && client.app.groups.length > 0) target.replaceChildren();
  if (target.firstElementChild) takeOver(target, app);
  else app.mount();
}

// For those who measure how long it takes.
performance.mark("app is there");
