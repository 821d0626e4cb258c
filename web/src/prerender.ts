// The start page as it stands in the page before the app is there, in each language.
//
// Runs where the app is built, and nowhere else.

import { render } from "svelte/server";
import { chosen } from "./client/choices.svelte";
import { Client } from "./client/client.svelte";
import { screen, type Start } from "./client/screen.svelte";
import App from "./views/App.svelte";
import type { Language } from "./words/language";
import { loadWords } from "./words/words";

/** The start page of a visit that begins, on one of its tabs, as HTML. */
export async function startPage(language: Language, tab: Start["tab"]): Promise<string> {
  chosen.words = await loadWords(language);
  chosen.language = language;
  screen.start = { tab, group: "", invite: "" };
  const { body } = await render(App, { props: { client: new Client() } });
  // An empty value says nothing, and the app would take it away.
  return body.replaceAll(' value=""', "");
}
