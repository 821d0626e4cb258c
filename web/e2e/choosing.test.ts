// Choosing what one hears: whom to ignore, what to read again, and whom to find among many.

import { describe, expect, it } from "vitest";
import type { Person } from "./people";
import { Stage } from "./stage";
import { Terminal } from "./terminal";

const stage = new Stage();
/** Noya, who is in a group with Bar and Shlomo at terminals. */
async function three(): Promise<{ group: string; noya: Person; bar: Terminal; shlomo: Terminal }> {
  const noya = await stage.person();
  const group = await noya.create("Noya", "1234");
  const bar = await Terminal.join(stage.program.console, "Bar", group, "1234");
  const shlomo = await Terminal.join(stage.program.console, "Shlomo", group, "1234");
  await noya.members.getByText("Shlomo").waitFor();
  return { group, noya, bar, shlomo };
}
const told = (one: Person, text: string): Promise<void> => one.page.locator(".note").getByText(text).waitFor();

describe("who is ignored", () => {
  it("is neither seen nor counted, also after a reload, until heard again", async () => {
    const { noya, bar, shlomo } = await three();
    bar.types("before");
    await noya.sees("before");
    await noya.say("/ignore bar");
    await told(noya, "You see nothing more of what Bar says.");
    expect(await noya.message("before").count()).toBe(0);
    bar.types("unheard, Noya");
    shlomo.types("heard");
    await noya.sees("heard");
    expect(await noya.message("unheard").count()).toBe(0);
    await noya.page.reload();
    await noya.sees("heard");
    expect(await noya.message("unheard").count()).toBe(0);
    await noya.members.getByRole("button", { name: /^Bar.*ignored/ }).waitFor();
    await noya.say("/ignore");
    await told(noya, "You ignore: Bar");
    await noya.say("/unignore Bar");
    await noya.sees("unheard, Noya");
    await noya.say("/ignore nobody");
    await told(noya, "Nobody in this group is called nobody.");
    await noya.say("/ignore Noya");
    await told(noya, "That is you.");
    bar.close();
    shlomo.close();
  });

  it("is chosen from the list of members too, stays so under another name, and is told of nothing", async () => {
    const { group, noya, bar, shlomo } = await three();
    const dana = await stage.person(`/g/${group}`);
    await dana.join("Dana", group, "1234");
    await noya.members.getByRole("button", { name: /^Dana/ }).click();
    await noya.members.getByRole("button", { name: "Ignore", exact: true }).click();
    await dana.say("/nick Dalia");
    await dana.say("/msg Noya psst");
    await told(dana, "Sent to Noya alone.");
    await dana.say("unheard");
    await dana.sees("unheard");
    shlomo.types("heard");
    await noya.sees("heard");
    expect(await noya.message("unheard").count()).toBe(0);
    expect(await noya.page.getByText("psst").count()).toBe(0);
    await noya.members.getByRole("button", { name: /^Dalia.*ignored/ }).waitFor();
    await noya.button("Stop ignoring").click();
    await noya.sees("unheard");
    bar.close();
    shlomo.close();
  });
});

describe("unread from here", () => {
  it("begins with a press on a message, outlives a reload, and ends with Escape", async () => {
    const { noya, bar, shlomo } = await three();
    for (const text of ["one", "two", "three"]) bar.types(text);
    await noya.sees("three");
    await noya.message("two").click({ modifiers: ["Alt"] });
    await told(noya, "Unread from there on.");
    await noya.log.getByText("New messages").waitFor();
    await expect.poll(() => noya.page.title()).toMatch(/^\(2\)/);
    bar.types("four");
    await expect.poll(() => noya.page.title()).toMatch(/^\(3\)/);
    await noya.page.keyboard.press("Escape");
    await expect.poll(() => noya.page.title()).not.toMatch(/^\(/);
    expect(await noya.log.getByText("New messages").count()).toBe(0);

    await noya.message("three").click({ modifiers: ["Alt"] });
    await expect.poll(() => noya.page.title()).toMatch(/^\(2\)/);
    await noya.page.reload();
    await noya.log.getByText("New messages").waitFor();
    const [line, first] = [await noya.log.getByText("New messages").boundingBox(), await noya.message("three").boundingBox()];
    expect(line?.y).toBeLessThan(first?.y ?? 0);
    bar.close();
    shlomo.close();
  });

  it("begins with Shift+U where one is not typing, at the topmost message in view", async () => {
    const { noya, bar, shlomo } = await three();
    bar.types("one");
    bar.types("two");
    await noya.sees("two");
    await noya.box("Message").focus();
    await noya.page.keyboard.press("Shift+U");
    expect(await noya.box("Message").inputValue()).toBe("U");
    await noya.page.keyboard.press("Backspace");
    await noya.log.focus();
    await noya.page.keyboard.press("Shift+U");
    await expect.poll(() => noya.page.title()).toMatch(/^\(2\)/);
    bar.close();
    shlomo.close();
  });
});

describe("a long list of members", () => {
  it("is searched by a part of a name, and Escape clears it", async () => {
    const { group, noya, bar, shlomo } = await three();
    const search = noya.page.getByRole("searchbox", { name: "Find a member" });
    expect(await search.count()).toBe(0);
    const others = await Promise.all(Array.from({ length: 10 }, (_, at) => Terminal.join(stage.program.console, `Guest${at}`, group, "1234")));
    await search.waitFor();
    await search.fill("SHL");
    await expect.poll(() => noya.members.getByRole("listitem").count()).toBe(1);
    await noya.members.getByText("Shlomo").waitFor();
    await search.fill("zz");
    await noya.page.getByText("Nobody here is called that.").waitFor();
    await search.press("Escape");
    await expect.poll(() => noya.members.getByRole("listitem").count()).toBe(13);
    expect(await search.inputValue()).toBe("");
    for (const one of [...others, bar, shlomo]) one.close();
  });
});
