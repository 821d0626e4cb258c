// What the person chose: language, theme, notifications; and the words that follow from it.
//
// Knows no component. The page's own attributes are set here and nowhere else.

import { keepChoices, readChoices, type Choices, type Notify, type Theme } from "../store/kept";
import { english } from "../words/en";
import { chooseLanguage, directionOf, loadWords, type Language, type Words } from "../words/words";
import { clockOf, type Clock } from "../text/time";

class Chosen {
  choices: Choices = $state.raw(readChoices());
  language: Language = $state("en");
  words: Words = $state.raw(english);
  clock: Clock = $state.raw(clockOf("en"));

  /** Sets the page up before anything is drawn. */
  async begin(): Promise<void> {
    const asked = new URLSearchParams(location.search).get("lang");
    const language = chooseLanguage(asked, this.choices.language, navigator.languages);
    this.showTheme();
    // The page is as it will be before the words of it have come.
    this.#show(language);
    await this.speak(language, asked !== null);
  }

  #show(language: Language): void {
    document.documentElement.lang = language;
    document.documentElement.dir = directionOf(language);
  }

  async speak(language: Language, isChosen: boolean): Promise<void> {
    this.words = await loadWords(language);
    this.language = language;
    // The reader's own way of writing times, where it is a way of this language.
    const own = navigator.languages.find((tag) => tag.toLowerCase().startsWith(language));
    this.clock = clockOf(own ?? language);
    this.#show(language);
    if (isChosen) this.keep({ language });
  }

  setTheme(theme: Theme): void {
    this.keep({ theme });
    this.showTheme();
  }

  showTheme(): void {
    document.documentElement.dataset["theme"] = this.choices.theme;
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
