// What is on the screen beside the groups: dialogs, and a line for the person alone.
//
// Knows no component and no socket.

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
