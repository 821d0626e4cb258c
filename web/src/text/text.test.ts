// What is done with texts, by examples.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hueOf } from "./colour";
import { findName, mentions } from "./mentions";
import { isolate, isolated } from "./isolate";
import { spoken } from "./number";
import { parse, safeHref, type Part } from "./parse";
import { completions, readLine, USAGES } from "./slash";
import { clockOf } from "./time";
import { english } from "../words/en";
import { hebrew } from "../words/he";
import { chooseLanguage } from "../words/language";

const parts = (text: string, you = ""): Part[] => parse(text, you).flatMap((block) => (block.kind === "words" ? block.parts : []));
const links = (text: string): string[] => parts(text).flatMap((part) => (part.kind === "link" ? [part.text] : []));

describe("links", () => {
  it.each([
    ["see https://example.org/a?b=c#d now", ["https://example.org/a?b=c#d"]],
    ["(https://example.org/wiki/Key_(lock))", ["https://example.org/wiki/Key_(lock)"]],
    ["https://example.org. And http://example.com!", ["https://example.org", "http://example.com"]],
    ["אתר: https://example.org/שלום, יפה", ["https://example.org/שלום"]],
    ["javascript:alert(1) data:text/html,x ftp://a.b file:///etc/passwd", []],
    ["JaVaScRiPt:https", []],
    ["https://", []],
    ["https://bank.example@evil.example/", []],
    ["`https://example.org` in code", []],
    ['https://example.org/"onmouseover="x', ["https://example.org/"]],
    ["<https://example.org>", ["https://example.org"]],
  ])("in %j are %j", (text, expected) => expect(links(text)).toEqual(expected));

  it("never lead anywhere but the web", () => {
    for (const link of ["javascript:alert(1)", "data:text/html,x", "vbscript:x", "blob:https://a/b", "about:blank"]) {
      expect(safeHref(link)).toBeNull();
    }
  });
});

describe("what a message is made of", () => {
  it("is every letter that was typed, whatever it looks like", () => {
    for (const text of ["<b>x</b>", "&lt;", "``", "` `` ` ``` `", "a\n\n\nb", "https://a.b`c`", "\u202eevil", "**not bold**", "`a` @Noya `b`"]) {
      const shown = parse(text, "Noya").map((block) => (block.kind === "code" ? block.text : block.parts.map((part) => (part.kind === "code" ? `\`${part.text}\`` : part.text)).join("")));
      expect(shown.join("")).toBe(text);
    }
  });

  it("has code within a line and blocks of code", () => {
    expect(parts("run `ls -l` now")).toEqual([
      { kind: "text", text: "run " },
      { kind: "code", text: "ls -l" },
      { kind: "text", text: " now" },
    ]);
    expect(parse("see:\n```sh\nls\n  -l\n```\nfine")).toEqual([
      { kind: "words", parts: [{ kind: "text", text: "see:" }] },
      { kind: "code", text: "ls\n  -l" },
      { kind: "words", parts: [{ kind: "text", text: "fine" }] },
    ]);
  });

  it("is read in time that does not run away with what is hostile", () => {
    for (const text of ["`".repeat(4_096), "```\n".repeat(1_024), "https://".repeat(512), "(".repeat(4_096), `https://a${")".repeat(4_000)}`, "a@".repeat(2_048)]) {
      parse(text, "a");
    }
    // What runs away meets the limit of the test.
  });
});

describe("a name that is called", () => {
  it.each([
    ["hi Noya!", "Noya", true],
    ["hi @noya", "Noya", true],
    ["NOYA: come", "Noya", true],
    ["Noyab", "Noya", false],
    ["aNoya", "Noya", false],
    ["Noya2", "Noya", false],
    ["נויה, בואי", "נויה", true],
    ["ונויה באה", "נויה", false],
    ["𝒶Noya", "Noya", false],
    ["Noya", "", false],
    ["a.b", "a.b", true],
  ])("in %j as %j: %s", (text, name, expected) => expect(mentions(text, name)).toBe(expected));

  it("takes its sign along", () => {
    expect(findName("ask @Noya.", "Noya")).toEqual([[4, 9]]);
  });
});

describe("slash commands", () => {
  it.each([
    ["Hi", { do: "say", text: "Hi", kind: "said" }],
    ["//topic", { do: "say", text: "/topic", kind: "said" }],
    ["/me waves", { do: "say", text: "waves", kind: "action" }],
    ["/ME waves", { do: "say", text: "waves", kind: "action" }],
    ["/j #8888 a b", { do: "join", group: "8888", password: "a b" }],
    ["/nick Bar Two", { do: "rename", name: "Bar Two" }],
    ["/topic", { do: "topic", text: null }],
    ["/topic Picnic  on Friday", { do: "topic", text: "Picnic  on Friday" }],
    ["/kick @Bar too loud", { do: "moderate", what: "kick", name: "Bar", text: "too loud" }],
    ["/kick", { do: "usage", usage: "/kick NAME [WHY]" }],
    ["/part", { do: "leave" }],
    ["/?", { do: "help" }],
    ["/dance", { do: "unknown", word: "/dance" }],
    ["/", { do: "unknown", word: "/" }],
    ["/history 50", { do: "history", count: 50 }],
    ["/msg Bar psst\nyou", { do: "direct", to: "Bar", text: "psst\nyou" }],
    ["/ignore @Bar Two", { do: "ignore", name: "Bar Two", isIgnored: true }],
    ["/ignore", { do: "ignore", name: "", isIgnored: true }],
    ["/unignore", { do: "usage", usage: "/unignore NAME" }],
    ["   ", null],
  ])("%j", (line, expected) => expect(readLine(line)).toEqual(expected));

  it("each have a sentence in every language", () => {
    for (const usage of USAGES) {
      expect(english.sheet.commandsDo[usage.does], usage.does).toBeTruthy();
      expect(hebrew.sheet.commandsDo[usage.does], usage.does).toBeTruthy();
    }
  });

  it("and names are completed", () => {
    expect(completions("/to", []).words).toEqual(["/topic "]);
    expect(completions("hi @sh", ["Shlomo", "Bar"])).toEqual({ from: 3, words: ["@Shlomo "] });
    expect(completions("sh", ["Shlomo"])).toEqual({ from: 0, words: ["Shlomo: "] });
    expect(completions("", ["Shlomo"]).words).toEqual([]);
  });
});

describe("isolates", () => {
  it("become stretches, and lose no letter", () => {
    expect(isolated(`${isolate("נויה")} is now ${isolate("Noya")}.`)).toEqual([
      { text: "נויה", isIsolated: true },
      { text: " is now ", isIsolated: false },
      { text: "Noya", isIsolated: true },
      { text: ".", isIsolated: false },
    ]);
    expect(isolated("plain")).toEqual([{ text: "plain", isIsolated: false }]);
  });
});

describe("a group's number", () => {
  it.each([
    ["8888", ["88", "88"]],
    ["12345", ["123", "45"]],
    ["123456", ["123", "456"]],
    ["1234567", ["123", "45", "67"]],
    ["12345678", ["12", "34", "56", "78"]],
    ["1", ["1"]],
    ["123", ["123"]],
  ])("%s is said %j", (number, expected) => expect(spoken(number)).toEqual(expected));
});

describe("days", () => {
  const clock = clockOf("en-GB");
  const now = new Date(2026, 10, 21, 0, 5).getTime();
  it.each([
    [new Date(2026, 10, 21, 0, 1), "Today"],
    [new Date(2026, 10, 20, 23, 59), "Yesterday"],
    [new Date(2026, 10, 19, 12), "Thursday 19 November"],
    [new Date(2025, 10, 19, 12), "Wednesday, 19 November 2025"],
  ])("%s is %s", (at, expected) => expect(clock.day(at.getTime(), now).replace(" at ", " ")).toBe(expected));
});

describe("languages", () => {
  it.each([
    ["he", "en", ["en"], "he"],
    [null, "he", ["en"], "he"],
    [null, "", ["fr", "iw-IL"], "he"],
    ["xx", "", ["fr"], "en"],
  ])("asked %j, chosen %j, browser %j: %s", (asked, chosen, browser, expected) =>
    expect(chooseLanguage(asked, chosen, browser)).toBe(expected));

  it("count as Hebrew does", () => {
    expect(hebrew.group.unread(1)).toBe("הודעה אחת שלא נקראה");
    expect(hebrew.group.unread(2)).toBe("שתי הודעות שלא נקראו");
    expect(hebrew.group.unread(5)).toBe("5 הודעות שלא נקראו");
  });

  it("have a sentence for every refusal", () => {
    expect(Object.keys(hebrew.failures)).toEqual(Object.keys(english.failures));
    expect(Object.keys(hebrew.events.changes)).toEqual(Object.keys(english.events.changes));
    expect(Object.keys(hebrew.group.ended)).toEqual(Object.keys(english.group.ended));
  });
});

describe("colours", () => {
  /** Relative luminance of an OKLCH colour, by way of linear sRGB. */
  function luminance(lightness: number, chroma: number, hue: number): number {
    const a = chroma * Math.cos((hue * Math.PI) / 180);
    const b = chroma * Math.sin((hue * Math.PI) / 180);
    const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
    const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
    const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
    const clamp = (value: number): number => Math.min(1, Math.max(0, value));
    const red = clamp(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s);
    const green = clamp(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s);
    const blue = clamp(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }
  const contrast = (one: number, other: number): number => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);

  const css = readFileSync(new URL("../styles/tokens.css", import.meta.url), "utf8");
  const oklch = (text: string): [number, number, number] => {
    const [l = 0, c = 0, h = 0] = text.split(/[\s/]+/).map((part) => Number.parseFloat(part));
    return [l, c, h];
  };
  /** A token's colour in the light and the dark theme. */
  function token(name: string): [number, number] {
    const match = new RegExp(`--${name}: light-dark\\(oklch\\(([^)]*)\\), oklch\\(([^)]*)\\)\\)`).exec(css);
    if (!match) throw new Error(`--${name} is not in tokens.css`);
    return [luminance(...oklch(match[1] ?? "")), luminance(...oklch(match[2] ?? ""))];
  }
  const names = /\.name \{\s*color: light-dark\(oklch\(([\d.]+) ([\d.]+)[^)]*\)\), oklch\(([\d.]+) ([\d.]+)/.exec(css)?.slice(1).map(Number) ?? [];

  it("of names can be read in both themes on every ground they stand on", () => {
    const [lightL = 0, lightC = 0, darkL = 0, darkC = 0] = names;
    expect(names).toHaveLength(4);
    for (const ground of ["paper", "soft", "raised", "sunk"]) {
      const [light, dark] = token(ground);
      for (let hue = 0; hue < 360; hue += 5) {
        expect(contrast(luminance(lightL, lightC, hue), light), `light ${ground} ${hue}`).toBeGreaterThan(4.5);
        expect(contrast(luminance(darkL, darkC, hue), dark), `dark ${ground} ${hue}`).toBeGreaterThan(4.5);
      }
    }
  });

  it.each(["ink", "dim", "accent", "bad", "good"])("of %s can be read on every ground", (name) => {
    for (const ground of ["paper", "raised", "soft", "sunk"]) {
      for (const theme of [0, 1] as const) {
        expect(contrast(token(name)[theme], token(ground)[theme]), `${ground} ${theme}`).toBeGreaterThan(4.5);
      }
    }
    expect(contrast(token("on-accent")[0], token("accent")[0])).toBeGreaterThan(4.5);
    expect(contrast(token("on-accent")[1], token("accent")[1])).toBeGreaterThan(4.5);
  });

  it("are the same for a name whatever its case, and spread", () => {
    expect(hueOf("Noya")).toBe(hueOf("NOYA"));
    expect(new Set(["Lior0", "Lior1", "Lior2", "Lior3", "Noya", "שלמה", "אליענה", "Bar"].map(hueOf)).size).toBeGreaterThan(5);
  });
});
