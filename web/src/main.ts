// Mounts the app; nothing else.

import "./styles/tokens.css";
import "./styles/base.css";
import { mount } from "svelte";
import { chosen } from "./client/choices.svelte";
import App from "./views/App.svelte";

await chosen.begin();
const target = document.getElementById("app");
if (target) mount(App, { target });
