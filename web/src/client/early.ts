// The start page before the app is here: it stands in the page, is shown as soon as that has come,
// and takes what is typed and pressed until the app takes it over with everything in it.
//
// Knows the fields and nothing of what becomes of them. Who has a place in a group, or was invited
// into one, does not see it: for them the app shows something else.

import { keys } from "../store/local";
import type { Choices } from "../store/choices";
import type { Language } from "../words/language";
import { readAddress } from "./address";

/** What was pressed meanwhile, to be pressed again once there is somebody who does something. */
let pressed: HTMLElement[] = [];
/** The start page as it was shown. */
let made = "";

const fieldsIn = (target: Element): HTMLInputElement[] => [...target.querySelectorAll("input")];

/** Shows the start page where this visit begins with it; false where it does not. */
export function showStart(target: Element, choices: Choices, language: Language): boolean {
  const template = document.getElementById(`start-${language}`);
  const { group, invite } = readAddress();
  if (!(template instanceof HTMLTemplateElement) || invite !== "" || keys("seat:").length > 0) return false;
  target.append(document.importNode(template.content, true));
  made = target.innerHTML;
  const fields = fieldsIn(target);
  for (const field of fields) {
    if (field.id === "name") field.value = choices.name;
    if (field.id === "group") field.value = group ?? "";
  }
  target.addEventListener("click", hold);
  target.addEventListener("submit", hold);
  fields.find((field) => field.value === "")?.focus();
  return true;
}

function hold(event: Event): void {
  if (event instanceof SubmitEvent) {
    event.preventDefault();
    if (event.submitter) pressed.push(event.submitter);
  } else if (event.target instanceof Element) {
    const button = event.target.closest<HTMLElement>("button[type=button]");
    if (button) pressed.push(button);
  }
}

/** Lets the app take over what is shown, and gives it what was done meanwhile. */
export function takeOver(target: Element, app: { hydrate: () => void; mount: () => void }): void {
  const typed = fieldsIn(target).map(({ id, value }) => ({ id, value }));
  const focused = document.activeElement?.id ?? "";
  target.removeEventListener("click", hold);
  target.removeEventListener("submit", hold);
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
