// What the person chose: language, theme, notifications; and the words that follow from it.
//
// Knows no component.

import { keepChoices, readChoices, type Choices, type Notify, type Theme } from "../store/choices";
import { english } from "../words/en";
import type { Language } from "../words/language";
import { loadWords, type Words } from "../words/words";
import { clockOf, type Clock } from "../text/time";
import { firstLanguage, showLanguage, showTheme } from "./dress";

class Chosen {
  choices: Choices = $state.raw(readChoices());
  language: Language = $state("en");
  words: Words = $state.raw(english);
  clock: Clock = $state.raw(clockOf("en"));

  /** Has the words of this visit, before anything is drawn with them. */
  async begin(): Promise<void> {
    const { language, isAsked } = firstLanguage(this.choices);
    await this.speak(language, isAsked);
  }

  async speak(language: Language, isChosen: boolean): Promise<void> {
    this.words = await loadWords(language);
    this.language = language;
    // The reader's own way of writing times, where it is a way of this language.
    const own = navigator.languages.find((tag) => tag.toLowerCase().startsWith(language));
    this.clock = clockOf(own ?? language);
    showLanguage(language);
    if (isChosen) this.keep({ language });
  }

  setTheme(theme: Theme): void {
    this.keep({ theme });
    showTheme(theme);
  }

  setNotify(notify: Notify): void {
    this.keep({ notify });
  }

  keep(change: Partial<Choices>): void {
    this.choices = { ...this.choices, ...change };
    keepChoices(this.choices);
  }

  /** What to say about a refusal: our own words where we have some. */
  why(problem: { readonly code: string; readonly message: string }): string {
    return this.words.failures[problem.code] ?? (problem.message || problem.code);
  }
}

export const chosen = new Chosen();
