// The start page, from the moment it is shown: what is typed before the app is there is kept.

import type { BrowserContextOptions } from "playwright-core";
import { describe, expect, it } from "vitest";
import type { Person } from "./people";
import { Stage } from "./stage";

const stage = new Stage();
/** What the service worker has kept would come though it is held back. */
const unkept: BrowserContextOptions = { serviceWorkers: "block" };
const isThere = (one: Person): Promise<boolean> =>
  one.page.evaluate(() => performance.getEntriesByName("app is there").length > 0);

/** Somebody who opens that page where the app does not come before it is let. */
async function before(path: string, options: BrowserContextOptions = {}): Promise<{ one: Person; letIn: () => Promise<void> }> {
  const one = await stage.person("/healthz", { ...unkept, ...options });
  return { one, letIn: await hold(one, path) };
}
async function hold(one: Person, path: string): Promise<() => Promise<void>> {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const isApp = /\/assets\/app-/;
  await one.page.route(isApp, async (route) => {
    await opened;
    await route.continue();
  });
  await one.page.goto(stage.web + path, { waitUntil: "commit" });
  return async () => {
    expect(await isThere(one)).toBe(false);
    open();
    await one.page.waitForFunction(() => performance.getEntriesByName("app is there").length > 0);
    await one.page.unroute(isApp);
  };
}
const focused = (one: Person): Promise<string> => one.page.evaluate(() => document.activeElement?.id ?? "");
const focusIs = (one: Person, id: string): Promise<void> =>
  expect.poll(() => focused(one), { interval: 20 }).toBe(id) as unknown as Promise<void>;

describe("before the app is there", () => {
  it("what is typed is kept, in the field and at the place where it is typed, and lets in", async () => {
    const noya = await stage.person("/", unkept);
    const group = await noya.create("Noya", "1234");
    const { one: bar, letIn } = await before("/");
    await focusIs(bar, "name");
    const { keyboard } = bar.page;
    await keyboard.type("Bar");
    await keyboard.press("Tab");
    await keyboard.type(group);
    await keyboard.press("Shift+Tab");
    await keyboard.press("ArrowRight");
    await keyboard.press("ArrowLeft");
    const field = await bar.page.evaluateHandle(() => document.activeElement);
    await letIn();
    // It is the very field, with the caret before the last letter.
    expect(await field.evaluate((one) => one === document.activeElement)).toBe(true);
    await keyboard.type("be");
    expect(await bar.box("Your name").inputValue()).toBe("Baber");
    await bar.box("Password").focus();
    await keyboard.type("1234");
    await keyboard.press("Enter");
    await bar.log.waitFor();
    await noya.members.getByText("Baber").waitFor();
  });

  it("what is pressed is done as soon as it can be: a tab, and Join", async () => {
    const noya = await stage.person("/", unkept);
    const group = await noya.create("Noya", "1234");
    const { one: bar, letIn } = await before(`/g/${group}`);
    await focusIs(bar, "name");
    expect(await bar.box("Group ID").inputValue()).toBe(group);
    await bar.page.keyboard.type("Bar");
    await bar.box("Password").fill("1234");
    await bar.page.keyboard.press("Enter");
    await letIn();
    await bar.log.waitFor();
    await noya.members.getByText("Bar").waitFor();

    const { one: shlomo, letIn: letShlomoIn } = await before("/");
    await shlomo.page.getByRole("tab", { name: "Create a group" }).click();
    await letShlomoIn();
    await shlomo.button("Create").waitFor();
    await focusIs(shlomo, "name");
  });

  it("the other tab is there at once, by a press or a key, with what was typed on the first", async () => {
    const { one: noya, letIn } = await before("/");
    await focusIs(noya, "name");
    const { keyboard } = noya.page;
    await keyboard.type("Noya");
    await keyboard.press("Shift+Tab");
    await keyboard.press("ArrowRight");
    await focusIs(noya, "tab-create");
    await letIn();
    await focusIs(noya, "tab-create");
    await keyboard.press("Tab");
    await keyboard.press("Tab");
    await keyboard.type("1234");
    await keyboard.press("Enter");
    await noya.log.waitFor();
    await noya.members.getByText("Noya").waitFor();
  });

  it("is in the language of the browser, of the choice or of the address", async () => {
    for (const [path, locale] of [["/", "he-IL"], ["/?lang=he", "en-GB"]] as const) {
      const { one, letIn } = await before(path, { locale });
      await one.box("השם שלך").waitFor();
      expect(await one.page.locator("html").getAttribute("dir")).toBe("rtl");
      await one.page.keyboard.type("נויה");
      await letIn();
      expect(await one.box("השם שלך").inputValue()).toBe("נויה");
      await one.page.getByRole("tab", { name: "יצירת קבוצה" }).waitFor();
    }
  });

  it("nothing is shown to who has a place in a group, or was invited into one", async () => {
    const noya = await stage.person("/", unkept);
    const group = await noya.create("Noya", "1234");
    for (const path of ["/", `/g/${group}`]) {
      const letIn = await hold(noya, path);
      await noya.page.waitForLoadState("domcontentloaded");
      expect(await noya.page.locator("#app").innerHTML()).toBe("");
      await letIn();
      await noya.log.waitFor();
    }
    const { one: bar, letIn } = await before(`/g/${group}#token`);
    await bar.page.waitForLoadState("domcontentloaded");
    expect(await bar.page.locator("#app").innerHTML()).toBe("");
    await letIn();
    await bar.page.getByText(`You are invited to group ${group}`).waitFor();
  });

  it("a name that is known is there already, and the next field has the focus", async () => {
    const noya = await stage.person("/", unkept);
    await noya.create("Noya", "1234");
    await noya.button("Leave group").click();
    await noya.page.getByRole("tab", { name: "Join a group" }).waitFor();
    const letIn = await hold(noya, "/");
    await focusIs(noya, "group");
    await noya.page.keyboard.type("77");
    await letIn();
    expect(await noya.box("Your name").inputValue()).toBe("Noya");
    await noya.page.keyboard.type("88");
    expect(await noya.box("Group ID").inputValue()).toBe("7788");
  });

  it("what is typed outlives an extension that changes the page", async () => {
    const { one, letIn } = await before("/");
    await focusIs(one, "name");
    await one.page.keyboard.type("Bar");
    await one.page.evaluate(() => {
      for (const field of document.querySelectorAll("input")) field.after(document.createElement("span"));
    });
    await letIn();
    expect(await one.box("Your name").inputValue()).toBe("Bar");
    await focusIs(one, "name");
    await one.button("Show").click();
    expect(await one.box("Password").getAttribute("type")).toBe("text");
    await one.button("Join").click();
    // The app has the name: the number is what it misses.
    await one.page.getByRole("alert").filter({ hasText: "number" }).waitFor();
  });
});
