// For everyone: Hebrew, phones, keyboards, screen readers; and against those who mean ill.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import type { Person } from "./people";
import { Stage } from "./stage";
import { Terminal } from "./terminal";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const stage = new Stage();
const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

describe("Hebrew", () => {
  it("is the whole page, mirrored, where it is asked for", async () => {
    const noya = await stage.person("/?lang=he");
    expect(await noya.page.locator("html").getAttribute("dir")).toBe("rtl");
    expect(await noya.page.locator("html").getAttribute("lang")).toBe("he");
    await noya.page.getByRole("tab", { name: "יצירת קבוצה" }).click();
    await noya.box("השם שלך").fill("נויה");
    await noya.box("סיסמה").fill("סוד");
    await noya.button("יצירה").click();
    await noya.page.getByRole("log", { name: "הודעות" }).waitFor();
    const members = await noya.page.getByRole("list", { name: "חברי הקבוצה" }).boundingBox();
    expect(members?.x).toBeLessThan(400);
    await noya.page.getByRole("status").filter({ hasText: "יש חיבור" }).waitFor();
  });

  it("reads right beside English: each message has its own direction and stands on its own side", async () => {
    const noya = await stage.person();
    await noya.create("נויה", "1234");
    await noya.say("שלום לכולם, hello!");
    await noya.say("hello, שלום");
    await noya.sees("hello, שלום");
    const found = await noya.messages.evaluateAll((rows) =>
      rows.map((row) => {
        const text = row.querySelector(".text");
        if (!text) return null;
        const range = document.createRange();
        range.selectNodeContents(text);
        const [words, box] = [range.getBoundingClientRect(), text.getBoundingClientRect()];
        return { direction: getComputedStyle(text).direction, atLeft: words.left - box.left < 2, atRight: box.right - words.right < 2 };
      }),
    );
    expect(found).toEqual([
      { direction: "rtl", atLeft: false, atRight: true },
      { direction: "ltr", atLeft: true, atRight: false },
    ]);
  });

  it("works at a phone's width without a sideways scroll, down to 320 pixels", async () => {
    for (const width of [360, 320]) {
      for (const path of ["/?lang=he", "/?lang=en"]) {
        const one = await stage.person(path, { ...phone, viewport: { width, height: 640 } });
        const overflow = (): Promise<number> => one.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(await overflow()).toBeLessThanOrEqual(0);
        await one.page.getByRole("tab").nth(1).click();
        await one.page.locator("#name").fill("Noya");
        await one.page.locator("#password").fill("1234");
        await one.page.locator("#password").press("Enter");
        await one.page.getByRole("log").waitFor();
        await one.page.locator("textarea").fill(`${"x".repeat(400)} https://example.org/${"a".repeat(300)}`);
        await one.page.locator("textarea").press("Enter");
        await one.messages.first().waitFor();
        expect(await overflow()).toBeLessThanOrEqual(0);
        const small = await one.page.locator("button:visible, a:visible, input:visible").evaluateAll((controls) =>
          controls
            .filter((control) => control.closest("[data-seq]") === null)
            .map((control) => ({ what: control.outerHTML.slice(0, 80), box: control.getBoundingClientRect() }))
            .filter(({ box }) => box.height < 43.5 || box.width < 43.5)
            .map(({ what }) => what),
        );
        expect(small).toEqual([]);
      }
    }
  });
});

describe("a phone", () => {
  it("has groups and members in drawers", async () => {
    const noya = await stage.person("/", phone);
    const group = await noya.create("Noya", "1234");
    expect(await noya.members.isVisible()).toBe(false);
    await noya.page.getByRole("button", { name: /1 member/ }).click();
    await noya.members.getByText("Noya").waitFor();
    await noya.page.keyboard.press("Escape");
    await noya.button("Your groups").click();
    await noya.page.getByRole("link", { name: new RegExp(group) }).waitFor();
    await noya.button("New group").click();
    await noya.page.getByRole("tab", { name: "Join a group" }).waitFor();
    await noya.button("Back to your groups").click();
    await noya.log.waitFor();
  });
});

describe("a keyboard alone", () => {
  it("creates, talks, reads the sheet, goes between groups and leaves", async () => {
    const noya = await stage.person();
    const { keyboard } = noya.page;
    // The first field has the focus, and the tabs are above it.
    await keyboard.press("Shift+Tab");
    await keyboard.press("ArrowRight");
    await keyboard.press("Tab");
    await keyboard.type("Noya");
    await keyboard.press("Tab");
    await keyboard.type("1234");
    await keyboard.press("Enter");
    const first = await noya.number();
    await keyboard.type("typed without a mouse");
    await keyboard.press("Enter");
    await noya.sees("typed without a mouse");
    await keyboard.press("?");
    await noya.page.getByRole("dialog", { name: "Keys and commands" }).waitFor();
    await keyboard.press("Escape");
    await noya.page.getByRole("dialog").waitFor({ state: "detached" });
    await keyboard.press("?");
    await noya.page.getByRole("dialog").waitFor();
    await keyboard.press("?");
    await noya.page.getByRole("dialog").waitFor({ state: "detached" });
    await expect.poll(() => noya.box("Message").inputValue()).toBe("?");
    await keyboard.press("Backspace");
    await keyboard.type("/create");
    await keyboard.press("Enter");
    await noya.page.getByRole("tab", { name: "Create a group" }).waitFor();
    // The name is known: only the password is asked.
    await keyboard.type("1234");
    await keyboard.press("Enter");
    await expect.poll(() => noya.number()).not.toBe(first);
    await keyboard.press("Alt+ArrowUp");
    await expect.poll(() => noya.number()).toBe(first);
    await keyboard.press("Control+k");
    await noya.page.getByRole("dialog", { name: "Go to a group" }).waitFor();
    await keyboard.press("ArrowDown");
    await keyboard.press("Enter");
    await expect.poll(() => noya.number()).not.toBe(first);
    await keyboard.press("Alt+ArrowUp");
    await keyboard.press("F6");
    expect(await noya.page.evaluate(() => document.activeElement?.tagName)).toBe("UL");
    await keyboard.press("Shift+F6");
    await keyboard.type("/leave");
    await keyboard.press("Enter");
    await expect.poll(() => noya.page.getByRole("link", { name: new RegExp(first) }).count()).toBe(0);
  });

  it("has its keys the moment a dialog has ended", async () => {
    const noya = await stage.person();
    await noya.create("Noya", "1234");
    await noya.page.keyboard.press("?");
    const dialog = noya.page.getByRole("dialog", { name: "Keys and commands" });
    await dialog.getByRole("button", { name: "Close" }).evaluate(async (button: HTMLButtonElement) => {
      button.click();
      // Sooner than a browser tells of the dialog's end, and later than the page is drawn anew.
      await Promise.resolve();
      document.querySelector("textarea")?.dispatchEvent(new KeyboardEvent("keydown", { key: "?", bubbles: true }));
    });
    // It opens the sheet again: it neither is lost nor lands in the box.
    await dialog.waitFor();
    await noya.page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    expect(await noya.box("Message").inputValue()).toBe("");
  });

  it("completes names and commands, and has what was typed before", async () => {
    const noya = await stage.person();
    const group = await noya.create("Noya", "1234");
    const terminal = await Terminal.join(stage.program.console, "Shlomo", group, "1234");
    await noya.members.getByText("Shlomo").waitFor();
    const { keyboard } = noya.page;
    await noya.box("Message").focus();
    await keyboard.type("sh");
    await keyboard.press("Tab");
    expect(await noya.box("Message").inputValue()).toBe("Shlomo: ");
    await keyboard.type("hi");
    await keyboard.press("Enter");
    await terminal.hears("Noya: Shlomo: hi");
    await keyboard.press("Control+ArrowUp");
    expect(await noya.box("Message").inputValue()).toBe("Shlomo: hi");
    terminal.close();
  });
});

describe("what is hostile", () => {
  const hostile = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "javascript:alert(1)",
    "\"'><svg onload=alert(1)>",
    "{{7*7}} ${7*7} {@html 1}",
    "\u202eevil\u2066",
    "a".repeat(4_000),
    "\u0301".repeat(10),
    "```\n</pre><script>alert(1)</script>\n```",
    "https://example.org/\u202egnp.exe",
  ];

  it("is text wherever it is typed", async () => {
    const noya = await stage.person();
    const group = await noya.create("Noya<b>x</b>", "<script>alert(1)</script>");
    const terminal = await Terminal.join(stage.program.console, "Bar<i>x</i>", group, "<script>alert(1)</script>");
    for (const text of hostile) {
      terminal.types(text.replaceAll("\n", " "));
      await noya.say(text);
    }
    await noya.say(`/topic <img src=x onerror=alert(1)>`);
    await noya.say("/nick <u>x</u>");
    await noya.say("the end");
    await noya.sees("the end");
    await noya.page.getByRole("heading", { level: 1 }).waitFor();
    const made = await noya.page.evaluate(() => document.querySelectorAll("img, iframe, object, embed, .rows script, .rows b, .rows i:not(.dot), .rows u").length);
    expect(made).toBe(0);
    const links = await noya.log.locator("a").evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).protocol));
    expect(links.every((protocol) => protocol === "https:" || protocol === "http:")).toBe(true);
    terminal.close();
  });

  it("is refused in words, or taken as text, in every field of the start page", async () => {
    const noya = await stage.person();
    await noya.page.getByRole("tab", { name: "Join a group" }).click();
    for (const text of hostile) {
      await noya.box("Your name").fill(text);
      await noya.box("Group ID").fill(text);
      await noya.box("Password").fill(text);
      await noya.button("Join").click();
      await noya.page.getByRole("alert").filter({ hasText: /\S/ }).waitFor();
    }
    for (const path of ["/g/8888#<script>alert(1)</script>", "/g/%3Cscript%3E", "/g/8888#%E0%A4%A", "/?lang=<b>"]) {
      await noya.page.goto(stage.program.web + path);
      await noya.page.locator("#name").waitFor();
    }
  });
});

describe("axe finds nothing serious", () => {
  /** What is serious or critical on the page, by rule and place. */
  async function serious(one: Person): Promise<string[]> {
    // By way of the debugger, which the page's policy does not hold back.
    await one.page.evaluate(AXE);
    return one.page.evaluate(async () => {
      type Found = { violations: { id: string; impact: string; nodes: { target: string[] }[] }[] };
      const { axe } = window as unknown as { axe: { run: () => Promise<Found> } };
      const { violations } = await axe.run();
      return violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id} ${target.join(" ")}`));
    });
  }

  for (const language of ["en", "he"]) {
    for (const colorScheme of ["light", "dark"] as const) {
      it(`on any screen in ${language}, ${colorScheme}`, async () => {
        const noya = await stage.person(`/?lang=${language}`, { colorScheme });
        const found: Record<string, string[]> = {};
        const look = async (screen: string): Promise<void> => {
          found[screen] = await serious(noya);
        };
        await look("join");
        await noya.page.locator("#panel button.main").click();
        await look("join, with a complaint");
        await noya.page.getByRole("tab").nth(1).click();
        await look("create");
        await noya.page.locator("#name").fill("Noya");
        await noya.page.locator("#password").fill("1234");
        await noya.page.locator("#password").press("Enter");
        await noya.page.getByRole("log").waitFor();
        await look("an empty group");
        const group = new URL(noya.page.url()).pathname.split("/")[2] ?? "";
        const terminal = await Terminal.join(stage.program.console, "Shlomo", group, "1234");
        for (const text of ["שלום", "Noya, see https://example.org", "`code`", "and ```\nmore\n``` code"]) terminal.types(text);
        const box = noya.page.locator("textarea");
        await box.fill("/me waves");
        await box.press("Enter");
        await box.fill("/topic Picnic");
        await box.press("Enter");
        await box.fill("```\nlet x = 1;\n```");
        await box.press("Enter");
        await noya.message("let x").waitFor();
        await look("a busy group");
        await box.fill("/dance");
        await box.press("Enter");
        await noya.page.locator(".note").waitFor();
        await look("a note");
        await box.fill("");
        for (const [key, screen] of [["Control+/", "sheet"], ["Control+k", "switcher"]] as const) {
          await noya.page.keyboard.press(key);
          await noya.page.getByRole("dialog").waitFor();
          await look(screen);
          await noya.page.keyboard.press("Escape");
          await noya.page.getByRole("dialog").waitFor({ state: "detached" });
        }
        await noya.page.locator(".foot button").first().click();
        await noya.page.getByRole("dialog").waitFor();
        await look("settings");
        await noya.page.keyboard.press("Escape");
        await noya.page.locator("header .wide").click();
        await noya.page.getByRole("dialog").locator(".copy, .failed").first().waitFor();
        await look("invite");
        await noya.page.keyboard.press("Escape");
        await noya.page.context().setOffline(true);
        await noya.page.setViewportSize({ width: 360, height: 740 });
        await look("a phone");
        expect(Object.fromEntries(Object.entries(found).filter(([, list]) => list.length > 0))).toEqual({});
        terminal.close();
      });
    }
  }
});
