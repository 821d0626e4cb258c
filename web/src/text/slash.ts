// Slash commands: what was typed, as something to do.
//
// Pure, and the same words as on the other doors. A line that begins with `//` says a line that
// begins with one slash; a word that is not known is never sent to the group.

import type { Deed } from "../api/frames";

export type Slash =
  | { readonly do: "say"; readonly text: string; readonly kind: "said" | "action" }
  | { readonly do: "join"; readonly group: string; readonly password: string }
  | { readonly do: "rename"; readonly name: string }
  | { readonly do: "topic"; readonly text: string | null }
  | { readonly do: "direct"; readonly to: string; readonly text: string }
  /** Without a name: to be told who is ignored. */
  | { readonly do: "ignore"; readonly name: string; readonly isIgnored: boolean }
  | { readonly do: "moderate"; readonly what: Deed; readonly name: string; readonly text: string }
  | { readonly do: "history"; readonly count: number }
  | { readonly do: Plain }
  | { readonly do: "unknown"; readonly word: string }
  /** Known, but something is missing; `usage` is how it is typed. */
  | { readonly do: "usage"; readonly usage: string };

/** Commands without words of their own. */
export type Plain =
  | "leave"
  | "create"
  | "list"
  | "members"
  | "invite"
  | "help"
  | "theme"
  | "language"
  | "export"
  | "bans"
  | "read"
  | "version";

/** A line of the sheet: how it is typed, and the key of what it does. */
export interface Usage {
  readonly typed: string;
  readonly words: readonly string[];
  readonly does: string;
  /** Whether only those who run the group may. */
  readonly isPower: boolean;
}

const entry = (typed: string, words: string, does: string, isPower = false): Usage => ({
  typed,
  words: words.split(" "),
  does,
  isPower,
});

/** Every command, in the order of the sheet. */
export const USAGES: readonly Usage[] = [
  entry("/join ID [PASSWORD]", "join j", "join"),
  entry("/create", "create", "create"),
  entry("/leave", "leave part close exit quit", "leave"),
  entry("/list", "list", "list"),
  entry("/me ACTION", "me", "me"),
  entry("/msg NAME [TEXT]", "msg query w whisper", "msg"),
  entry("/ignore [NAME]", "ignore", "ignore"),
  entry("/unignore NAME", "unignore", "unignore"),
  entry("/shrug [TEXT]", "shrug", "shrug"),
  entry("/code TEXT", "code", "code"),
  entry("/nick NAME", "nick", "nick"),
  entry("/who", "who names users", "who"),
  entry("/invite", "invite", "invite"),
  entry("/history [N]", "history", "history"),
  entry("/read", "read", "read"),
  entry("/export", "export", "export"),
  entry("/theme", "theme", "theme"),
  entry("/lang", "lang", "lang"),
  entry("/version", "version", "version"),
  entry("/help", "help ? shortcuts commands", "help"),
  entry("/topic [TEXT]", "topic", "topic", true),
  entry("/kick NAME [WHY]", "kick", "kick", true),
  entry("/ban NAME", "ban", "ban", true),
  entry("/unban NAME", "unban", "unban", true),
  entry("/banlist", "banlist", "banlist", true),
  entry("/mute NAME", "mute", "mute", true),
  entry("/unmute NAME", "unmute", "unmute", true),
  entry("/op NAME", "op", "op", true),
  entry("/deop NAME", "deop", "deop", true),
  entry("/voice NAME", "voice", "voice", true),
  entry("/devoice NAME", "devoice", "devoice", true),
  entry("/password NEW", "password", "password", true),
  entry("/lock", "lock", "lock", true),
  entry("/unlock", "unlock", "unlock", true),
  entry("/close-group", "close-group", "closeGroup", true),
  entry("/open-group", "open-group", "openGroup", true),
];

const plain: Readonly<Record<string, Plain>> = {
  leave: "leave",
  create: "create",
  list: "list",
  who: "members",
  invite: "invite",
  help: "help",
  theme: "theme",
  lang: "language",
  export: "export",
  banlist: "bans",
  read: "read",
  version: "version",
};

const moderation: Readonly<Record<string, Deed>> = {
  lock: "lock-topic",
  unlock: "unlock-topic",
  "close-group": "close",
  "open-group": "open",
};

const aboutSomebody: readonly Deed[] = ["kick", "ban", "unban", "mute", "unmute", "op", "deop", "voice", "devoice"];

/** What a line that was typed is to do; null where there is nothing in it. */
export function readLine(line: string): Slash | null {
  if (line.trim() === "") return null;
  if (!line.startsWith("/")) return { do: "say", text: line, kind: "said" };
  if (line.startsWith("//")) return { do: "say", text: line.slice(1), kind: "said" };
  const [, typed = "", rest = ""] = /^\/(\S*)\s*([\s\S]*)$/.exec(line) ?? [];
  const usage = USAGES.find((one) => one.words.includes(typed.toLowerCase()));
  const word = usage?.words[0];
  if (!usage || word === undefined) return { do: "unknown", word: `/${typed}` };
  return carryOut(word, rest.trim()) ?? { do: "usage", usage: usage.typed };
}

function carryOut(word: string, rest: string): Slash | null {
  const [first = "", ...others] = rest.split(/\s+/);
  const after = rest.slice(first.length).trim();
  const known = plain[word];
  if (known) return { do: known };
  const group = moderation[word];
  if (group) return { do: "moderate", what: group, name: "", text: "" };
  const deed = aboutSomebody.find((one) => one === word);
  if (deed) {
    const name = first.replace(/^@/, "");
    return name === "" ? null : { do: "moderate", what: deed, name, text: after };
  }
  switch (word) {
    case "join": {
      const id = first.replace(/^#/, "");
      return id === "" ? null : { do: "join", group: id, password: others.join(" ") };
    }
    case "me":
      return rest === "" ? null : { do: "say", text: rest, kind: "action" };
    case "shrug":
      return { do: "say", text: `${rest} \u00af\\_(\u30c4)_/\u00af`.trim(), kind: "said" };
    case "code":
      return rest === "" ? null : { do: "say", text: `\`\`\`\n${rest}\n\`\`\``, kind: "said" };
    case "msg":
      // Without words it opens the conversation.
      return first === "" ? null : { do: "direct", to: first.replace(/^@/, ""), text: after };
    case "ignore":
    case "unignore":
      if (word === "unignore" && first === "") return null;
      return { do: "ignore", name: rest.replace(/^@/, ""), isIgnored: word === "ignore" };
    case "nick":
      return rest === "" ? null : { do: "rename", name: rest };
    case "topic":
      return { do: "topic", text: rest === "" ? null : rest };
    case "password":
      return rest === "" ? null : { do: "moderate", what: "password", name: "", text: rest };
    case "history":
      return { do: "history", count: Math.max(1, Number.parseInt(first, 10) || 20) };
    default:
      return null;
  }
}

/** What Tab makes of the word before the caret: commands at the start, names after `@`. */
export function completions(before: string, names: readonly string[]): { from: number; words: string[] } {
  if (/^\/[^\s/]*$/.test(before)) {
    const typed = before.slice(1).toLowerCase();
    const words = USAGES.map((usage) => usage.words[0] ?? "").filter((word) => word.startsWith(typed));
    return { from: 0, words: words.map((word) => `/${word} `) };
  }
  const match = /(?:^|\s)(@?)([^\s@]+)$/u.exec(before);
  if (!match) return { from: before.length, words: [] };
  const [, sign = "", typed = ""] = match;
  const from = before.length - typed.length - sign.length;
  const found = names.filter((name) => name.toLocaleLowerCase().startsWith(typed.toLocaleLowerCase()));
  const end = from === 0 ? ": " : " ";
  return { from, words: found.map((name) => `${sign}${name}${end}`) };
}
