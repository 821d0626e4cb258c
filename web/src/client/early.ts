// The start page before the app is here: it stands in the page, is shown as soon as that has come,
// and takes what is typed and pressed until the app takes it over with everything in it.
//
// Knows the fields and nothing of what becomes of them. Who has a place in a group, or was invited
// into one, does not see it: for them the app shows something else.

import { keys } from "../store/local";
import { isTabKey } from "../ui/tab-keys";
import type { Choices } from "../store/choices";
import type { Language } from "../words/language";
import { readAddress } from "./address";
import type { Start } from "./screen.svelte";

type Tab = Start["tab"];

/** What was pressed meanwhile, to be pressed again once there is somebody who does something. */
let pressed: HTMLElement[] = [];
/** The start page as it was shown. */
let made = "";
/** The tab it stands on. */
let tab: Tab = "join";
let language: Language = "en";
/** What is in the fields of both tabs, by their ids. */
const values = new Map<string, string>();

const fieldsIn = (target: Element): HTMLInputElement[] => [...target.querySelectorAll("input")];

/** The tab on which the start page stands. */
export const shownTab = (): Tab => tab;

/** Shows the start page where this visit begins with it; false where it does not. */
export function showStart(target: HTMLElement, choices: Choices, spoken: Language): boolean {
  const { group, invite } = readAddress();
  if (invite !== "" || keys("seat:").length > 0) return false;
  values.set("name", choices.name).set("group", group ?? "");
  language = spoken;
  if (!draw(target, "join")) return false;
  target.addEventListener("click", clicked);
  target.addEventListener("keydown", keyed);
  target.addEventListener("submit", submitted);
  beginTyping(target);
  return true;
}

/** Shows that tab, with what was typed on the other. */
function draw(target: HTMLElement, next: Tab): boolean {
  const template = document.getElementById(`start-${language}-${next}`);
  if (!(template instanceof HTMLTemplateElement)) return false;
  tab = next;
  for (const { id, value } of fieldsIn(target)) values.set(id, value);
  target.replaceChildren(document.importNode(template.content, true));
  made = target.innerHTML;
  for (const field of fieldsIn(target)) field.value = values.get(field.id) ?? "";
  return true;
}

const beginTyping = (target: HTMLElement): void => fieldsIn(target).find(({ value }) => value === "")?.focus();

function clicked(this: HTMLElement, { target: on }: Event): void {
  const button = on instanceof Element ? on.closest<HTMLElement>("button[type=button]") : null;
  if (button?.getAttribute("role") === "tab") {
    draw(this, button.id === "tab-create" ? "create" : "join");
    beginTyping(this);
  } else if (button) {
    pressed.push(button);
  }
}

function keyed(this: HTMLElement, event: KeyboardEvent): void {
  if (!(event.target instanceof Element) || event.target.getAttribute("role") !== "tab" || !isTabKey(event.key)) return;
  event.preventDefault();
  draw(this, tab === "join" ? "create" : "join");
  document.getElementById(`tab-${tab}`)?.focus();
}

function submitted(event: SubmitEvent): void {
  event.preventDefault();
  if (event.submitter) pressed.push(event.submitter);
}

/** Lets the app take over what is shown, and gives it what was done meanwhile. */
export function takeOver(target: HTMLElement, app: { hydrate: () => void; mount: () => void }): void {
  const typed = fieldsIn(target).map(({ id, value }) => ({ id, value }));
  const focused = document.activeElement?.id ?? "";
  target.removeEventListener("click", clicked);
  target.removeEventListener("keydown", keyed);
  target.removeEventListener("submit", submitted);
  if (target.innerHTML === made) {
    app.hydrate();
  } else {
    // An extension put something of its own between the fields, and they have to be made anew.
    target.replaceChildren();
    app.mount();
    for (const field of fieldsIn(target)) {
      field.value = typed.find(({ id }) => id === field.id)?.value ?? "";
      field.dispatchEvent(new Event("input", { bubbles: true }));
      if (field.id === focused) field.focus();
    }
  }
  for (const button of pressed) button.click();
  pressed = [];
}
