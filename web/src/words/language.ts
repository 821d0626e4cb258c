// Which language the page is in.
//
// Pure, and without the words: what stands on the page before the app is here needs no more.

export type Language = "en" | "he";

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
