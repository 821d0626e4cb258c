// Every sentence of the app, by language.
//
// Does not know where they stand on the page. English is in the first load; the others come when
// they are asked for. A sentence says what happened, then what to do.

import { english } from "./en";
import type { Language } from "./language";

export type Words = typeof english;

export async function loadWords(language: Language): Promise<Words> {
  return language === "he" ? (await import("./he")).hebrew : english;
}
