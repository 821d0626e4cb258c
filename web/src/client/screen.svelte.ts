// What is on the screen beside the groups: dialogs, a line for the person alone, the address.
//
// Knows no component and no socket. The address tells the group that is open, so that a reload, a
// bookmark and the back button do what one expects.

export type DialogName = "invite" | "manage" | "sheet" | "settings" | "switcher";

/** The start page, where it is shown: on top of which group, and with what already filled in. */
export interface Start {
  readonly tab: "join" | "create";
  readonly group: string;
  readonly invite: string;
}

/** A line for this person alone, with something to do about it where there is. */
export interface Note {
  readonly text: string;
  readonly action: { readonly label: string; readonly run: () => void } | null;
}

class Screen {
  dialog: DialogName | null = $state(null);
  note: Note | null = $state.raw(null);
  start: Start | null = $state.raw(null);
  /** What an empty input is to begin with, when the person is next to type. */
  beginWith = $state("");
  /** Raised when the person should be typing. */
  typeNow = $state(0);

  show(dialog: DialogName): void {
    this.dialog = dialog;
  }
  /** Ends a dialog; where another is there by then, that stays. */
  close(dialog: DialogName): void {
    if (this.dialog !== dialog) return;
    this.dialog = null;
    this.type();
  }
  say(text: string | null, action: Note["action"] = null): void {
    this.note = text === null ? null : { text, action };
  }
  type(): void {
    this.typeNow += 1;
  }
}

export const screen = new Screen();

/** A group, a member of it to talk to, and an invitation, as the address has them. */
export function readAddress(): { group: string | null; with: string; invite: string } {
  const match = /^\/g\/(\d{1,18})(?:\/([^/]+))?\/?$/.exec(location.pathname);
  // A token is letters that an address carries as they are; anything else is none.
  const [token] = /^[\w.~-]{1,512}$/.exec(location.hash.slice(1)) ?? [""];
  return { group: match?.[1] ?? null, with: decode(match?.[2] ?? ""), invite: match ? token : "" };
}

/** A part of an address as text; nothing where it is none. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}

/** Puts the open group into the address; the secret of an invitation does not stay there. */
export function writeAddress(group: string | null): void {
  const path = group === null ? "/" : `/g/${group}`;
  const query = location.search;
  if (location.pathname === path && location.hash === "") return;
  if (location.pathname === path) history.replaceState(null, "", path + query);
  else history.pushState(null, "", path + query);
}
