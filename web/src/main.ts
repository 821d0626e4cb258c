// What is there first: the start page for who has no group yet, and the app as soon as it is drawn.

import "./styles/tokens.css";
import "./styles/base.css";
import { firstLanguage, showLanguage, showTheme } from "./client/dress";
import { showStart } from "./client/early";
import { readChoices } from "./store/choices";

const choices = readChoices();
const { language } = firstLanguage(choices);
showTheme(choices.theme);
showLanguage(language);
const target = document.getElementById("app");
const begin = (): void => void import("./app");
// The app takes its time to begin, and nobody is to wait for it with typing. A page that nobody
// sees is not drawn.
if (target && showStart(target, choices, language) && !document.hidden) requestAnimationFrame(() => setTimeout(begin));
else begin();
