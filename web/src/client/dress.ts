// The page's own attributes: its language, its direction, its theme. They are set here and nowhere
// else.
//
// Knows no component and no words: it is there before the app is.

import type { Choices, Theme } from "../store/choices";
import { chooseLanguage, directionOf, type Language } from "../words/language";

/** The language to begin with, and whether the address asks for it. */
export function firstLanguage(choices: Choices): { language: Language; isAsked: boolean } {
  const asked = new URLSearchParams(location.search).get("lang");
  return { language: chooseLanguage(asked, choices.language, navigator.languages), isAsked: asked !== null };
}

export function showLanguage(language: Language): void {
  const { documentElement } = document;
  // What is set to what it is would be styled anew all the same.
  if (documentElement.lang === language) return;
  documentElement.lang = language;
  documentElement.dir = directionOf(language);
}

export function showTheme(theme: Theme): void {
  document.documentElement.dataset["theme"] = theme;
}
