// Every dialog, in one file of the app.

export { default as Invite } from "./Invite.svelte";
export { default as Manage } from "./Manage.svelte";
export { default as Settings } from "./Settings.svelte";
export { default as Sheet } from "./Sheet.svelte";
export { default as Switcher } from "./Switcher.svelte";
