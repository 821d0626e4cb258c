// Running a group by pressing things: who may sees what they may do, and nobody else does.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import type { Person } from "./people";
import { Stage } from "./stage";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const stage = new Stage();
/** Noya, who made a group, and Bar. */
async function two(): Promise<{ group: string; noya: Person; bar: Person }> {
  const noya = await stage.person();
  const group = await noya.create("Noya", "1234");
  const bar = await stage.person(`/g/${group}`);
  await bar.join("Bar", group, "1234");
  await noya.members.getByText("Bar").waitFor();
  return { group, noya, bar };
}
const press = (one: Person, name: string) => one.members.getByRole("button", { name }).click();

describe("running a group", () => {
  it("a press on a member makes a moderator, mutes, and removes only when pressed twice", async () => {
    const { noya, bar } = await two();
    await press(noya, "Bar");
    await press(noya, "Mute");
    await noya.members.getByText("muted").waitFor();
    await bar.members.getByText("muted").waitFor();
    await press(noya, "Bar");
    await press(noya, "Let speak again");
    await noya.members.getByText("muted").waitFor({ state: "detached" });
    await press(noya, "Bar");
    await press(noya, "Make moderator");
    await bar.button("Manage group").waitFor();
    await press(noya, "Bar");
    await press(noya, "Take moderation back");
    await bar.button("Manage group").waitFor({ state: "detached" });
    await press(noya, "Bar");
    await noya.members.getByRole("button", { name: "Remove", exact: true }).click();
    expect(await bar.box("Message").isEnabled()).toBe(true);
    await press(noya, "Sure? Press again");
    await bar.page.getByText("You were removed from this group").waitFor();
  });

  it("who does not run the group is offered to write to somebody or to ignore them, and no more", async () => {
    const { bar } = await two();
    await press(bar, "Noya");
    expect(await bar.members.getByRole("group").getByRole("button").allTextContents()).toEqual(["Message", "Ignore"]);
    expect(await bar.button("Manage group").count()).toBe(0);
  });

  it("the topic is set by a press on it, and Escape leaves it as it was", async () => {
    const { noya, bar } = await two();
    await noya.page.getByRole("button", { name: /^Set the topic/ }).click();
    await noya.page.keyboard.type("Picnic on Friday");
    await noya.page.keyboard.press("Enter");
    await bar.page.getByRole("button", { name: "Set the topic: Picnic on Friday" }).click();
    await bar.page.keyboard.type("something else");
    await bar.page.keyboard.press("Escape");
    await bar.page.getByRole("button", { name: "Set the topic: Picnic on Friday" }).waitFor();
  });

  it("the password, newcomers and the topic's lock are changed in one place that tells how they stand", async () => {
    const { group, noya, bar } = await two();
    await noya.button("Manage group").click();
    const dialog = noya.page.getByRole("dialog", { name: "Manage group" });
    await noya.box("New password").fill("5678");
    await noya.page.keyboard.press("Enter");
    await dialog.getByText("The password was changed").waitFor();
    await dialog.getByRole("switch", { name: "Only those who run the group set the topic" }).click();
    await bar.page.getByRole("button", { name: /^Set the topic/ }).waitFor({ state: "detached" });
    await dialog.getByRole("switch", { name: "Let nobody new in" }).click();
    await bar.page.getByText("Noya closed the group to newcomers").waitFor();
    const dan = await stage.person(`/g/${group}`);
    await dan.box("Your name").fill("Dan");
    await dan.box("Password").fill("5678");
    await dan.button("Join").click();
    await dan.page.getByRole("alert").filter({ hasText: "takes nobody new" }).waitFor();
    await noya.page.reload();
    await noya.hears(/Connected/);
    await noya.button("Manage group").click();
    for (const name of ["Let nobody new in", "Only those who run the group set the topic"]) {
      expect(await dialog.getByRole("switch", { name }).isChecked()).toBe(true);
    }
    await dialog.getByRole("switch", { name: "Let nobody new in" }).click();
    await bar.page.getByText("Noya opened the group to newcomers").waitFor();
    await dan.button("Join").click();
    await dan.log.waitFor();
  });

  it("who is kept out stands in a list, and is let in again from there", async () => {
    const { group, noya, bar } = await two();
    await press(noya, "Bar");
    await press(noya, "Remove and keep out");
    await press(noya, "Sure? Press again");
    await bar.page.getByText("You were removed from this group").waitFor();
    await noya.button("Manage group").click();
    await noya.page.getByRole("dialog").getByText("Bar", { exact: true }).waitFor();
    await noya.button("Let in again").click();
    await noya.page.getByRole("dialog").getByText("Nobody is kept out.").waitFor();
    const again = await stage.person(`/g/${group}`);
    await again.join("Bar", group, "1234");
  });
});

describe("axe finds nothing serious", () => {
  for (const language of ["en", "he"]) {
    for (const colorScheme of ["light", "dark"] as const) {
      it(`where a group is run and two talk alone, in ${language}, ${colorScheme}`, async () => {
        const noya = await stage.person(`/?lang=${language}`, { colorScheme });
        const found: Record<string, string[]> = {};
        const look = async (screen: string): Promise<void> => {
          // By way of the debugger, which the page's policy does not hold back.
          await noya.page.evaluate(AXE);
          const list = await noya.page.evaluate(async () => {
            type Found = { violations: { id: string; nodes: { target: string[] }[] }[] };
            const { axe } = window as unknown as { axe: { run: () => Promise<Found> } };
            const { violations } = await axe.run();
            return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id} ${target.join(" ")}`));
          });
          if (list.length > 0) found[screen] = list;
        };
        await noya.page.getByRole("tab").nth(1).click();
        await noya.page.locator("#name").fill("Noya");
        await noya.page.locator("#password").fill("1234");
        await noya.page.locator("#password").press("Enter");
        await noya.page.getByRole("log").waitFor();
        const group = new URL(noya.page.url()).pathname.split("/")[2] ?? "";
        const bar = await stage.person(`/g/${group}`);
        await bar.join("Bar", group, "1234");
        const row = noya.page.locator("aside button.person");
        await row.click();
        await look("a member's actions");
        await noya.page.locator("aside .grave").first().click();
        await look("a grave action, asked for twice");
        await noya.page.locator("button.topic").click();
        await look("a topic being set");
        await noya.page.keyboard.press("Escape");
        await noya.page.locator("aside .head button").click();
        await noya.page.getByRole("dialog").waitFor();
        await look("running the group");
        await noya.page.keyboard.press("Escape");
        await noya.page.locator("aside .deeds button").first().click();
        await noya.page.locator("nav .direct a").waitFor();
        await look("a conversation that begins");
        await noya.page.locator("textarea").fill("hello");
        await noya.page.keyboard.press("Enter");
        await noya.message("hello").waitFor();
        await look("a conversation");
        await noya.page.setViewportSize({ width: 360, height: 740 });
        await look("a conversation on a phone");
        expect(found).toEqual({});
      });
    }
  }
});
