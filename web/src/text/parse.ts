// What a message is made of: text, links, code and names that are called.
//
// Pure, and never HTML: the parts are shown as elements by the page. Links are `http` and `https`
// only, and their text is what was typed, so that nobody is sent elsewhere than they read.

import { findName } from "./mentions";

export type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "link"; readonly text: string; readonly href: string }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "mention"; readonly text: string };

export type Block =
  | { readonly kind: "words"; readonly parts: readonly Part[] }
  | { readonly kind: "code"; readonly text: string };

const FENCE = /^```[^\n`]*\n([\s\S]*?)\n?```[ \t]*$/gm;

/** Cuts a message into paragraphs and blocks of code. */
export function parse(text: string, you = ""): Block[] {
  if (!text.includes("```")) return [{ kind: "words", parts: parts(text, you) }];
  const blocks: Block[] = [];
  let from = 0;
  for (const match of text.matchAll(FENCE)) {
    pushWords(blocks, text.slice(from, match.index), you);
    blocks.push({ kind: "code", text: match[1] ?? "" });
    from = match.index + match[0].length;
  }
  pushWords(blocks, text.slice(from), you);
  return blocks;
}

function pushWords(blocks: Block[], text: string, you: string): void {
  const words = text.replace(/^\n|\n$/g, "");
  if (words !== "") blocks.push({ kind: "words", parts: parts(words, you) });
}

const SPECIAL = /`([^`\n]+)`|https?:\/\/[^\s<>"`]+/giu;

function parts(text: string, you: string): Part[] {
  const found: Part[] = [];
  let from = 0;
  for (const match of text.matchAll(SPECIAL)) {
    const code = match[1];
    const whole = code === undefined ? trimLink(match[0]) : match[0];
    const href = code === undefined ? safeHref(whole) : null;
    if (code === undefined && href === null) continue;
    pushText(found, text.slice(from, match.index), you);
    found.push(code === undefined ? { kind: "link", text: whole, href: href ?? "" } : { kind: "code", text: code });
    from = match.index + whole.length;
  }
  pushText(found, text.slice(from), you);
  return found;
}

function pushText(found: Part[], text: string, you: string): void {
  let from = 0;
  for (const [start, end] of findName(text, you)) {
    if (start > from) found.push({ kind: "text", text: text.slice(from, start) });
    found.push({ kind: "mention", text: text.slice(start, end) });
    from = end;
  }
  if (from < text.length) found.push({ kind: "text", text: text.slice(from) });
}

/** A link without the punctuation of the sentence around it. */
function trimLink(link: string): string {
  let end = link.length;
  for (;;) {
    const last = link[end - 1] ?? "";
    if (".,:;!?'\u2019\u201d\u05f3\u05f4*_".includes(last)) {
      end -= 1;
    } else if (last === ")" && count(link, "(", end) < count(link, ")", end)) {
      end -= 1;
    } else if (last === "]" && count(link, "[", end) < count(link, "]", end)) {
      end -= 1;
    } else {
      return link.slice(0, end);
    }
  }
}

function count(text: string, letter: string, end: number): number {
  let found = 0;
  for (let at = 0; at < end; at += 1) if (text[at] === letter) found += 1;
  return found;
}

/** The address of a link, or null where it is none that a click should open. */
export function safeHref(link: string): string | null {
  if (!URL.canParse(link)) return null;
  const url = new URL(link);
  const isWeb = url.protocol === "http:" || url.protocol === "https:";
  // `https://bank.example@evil.example` reads as the bank and opens the other.
  return isWeb && url.hostname !== "" && url.username === "" && url.password === "" ? url.href : null;
}
