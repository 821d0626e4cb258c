// Every sentence of the app, by language.
//
// Does not know where they stand on the page. English is in the first load; the others come when
// they are asked for. A sentence says what happened, then what to do.

import { english } from "./en";

export type Language = "en" | "he";

export type Words = typeof english;

/** The language to begin with: what the address asks for, what was chosen, what the browser has. */
export function chooseLanguage(asked: string | null, chosen: string, browser: readonly string[]): Language {
  for (const wish of [asked, chosen, ...browser]) {
    const language = (wish ?? "").toLowerCase().split("-")[0];
    if (language === "he" || language === "iw") return "he";
    if (language === "en") return "en";
  }
  return "en";
}

export const directionOf = (language: Language): "rtl" | "ltr" => (language === "he" ? "rtl" : "ltr");

export async function loadWords(language: Language): Promise<Words> {
  return language === "he" ? (await import("./he")).hebrew : english;
}
