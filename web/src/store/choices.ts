// What the person chose, as the browser keeps it.
//
// Does not know what follows from it.

import { get, put } from "./local";

export type Theme = "system" | "light" | "dark";
export type Notify = "none" | "mentions" | "all";

export interface Choices {
  readonly theme: Theme;
  readonly language: string;
  readonly notify: Notify;
  readonly name: string;
  readonly lastOpen: string;
}

export function readChoices(): Choices {
  const value = (get("choices") ?? {}) as Partial<Choices>;
  return {
    theme: value.theme === "light" || value.theme === "dark" ? value.theme : "system",
    language: value.language ?? "",
    notify: value.notify === "all" || value.notify === "mentions" ? value.notify : "none",
    name: value.name ?? "",
    lastOpen: value.lastOpen ?? "",
  };
}
export const keepChoices = (choices: Choices): void => put("choices", choices);
