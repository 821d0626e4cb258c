// Two members of a group who talk alone: the others see nothing of it, and nothing of it is lost.

import { describe, expect, it } from "vitest";
import type { Person } from "./people";
import { Stage } from "./stage";

const stage = new Stage();
/** Noya, Bar and Shlomo in one group. */
async function three(): Promise<{ group: string; noya: Person; bar: Person; shlomo: Person }> {
  const noya = await stage.person();
  const group = await noya.create("Noya", "1234");
  const [bar, shlomo] = [await stage.person(`/g/${group}`), await stage.person(`/g/${group}`)];
  await bar.join("Bar", group, "1234");
  await shlomo.join("Shlomo", group, "1234");
  await noya.members.getByText("Shlomo").waitFor();
  return { group, noya, bar, shlomo };
}
const write = async (one: Person, name: string): Promise<void> => {
  await one.members.getByRole("button", { name: new RegExp(`^${name}`) }).click();
  await one.members.getByRole("button", { name: "Message" }).click();
  await one.page.getByRole("heading", { level: 1, name }).waitFor();
};
const entry = (one: Person, name: string) => one.page.getByRole("navigation").getByRole("link", { name });

describe("talking alone", () => {
  it("begins with a press on a member, counts what is unread, and a third sees none of it", async () => {
    const { group, noya, bar, shlomo } = await three();
    await write(noya, "Bar");
    expect(new URL(noya.page.url()).pathname).toBe(`/g/${group}/Bar`);
    await noya.log.getByText("This is where you and Bar begin.").waitFor();
    await noya.say("just between us");
    await noya.sees("just between us");
    await noya.say("one more");
    await entry(bar, "Noya").getByText("2 unread messages, you were called").waitFor();
    await expect.poll(() => bar.page.title()).toBe(`(2) ${group} – Conclave`);
    await entry(bar, "Noya").click();
    await bar.sees("one more");
    await expect.poll(() => bar.page.title()).toBe("Noya – Conclave");
    await bar.say("heard");
    await noya.sees("heard");
    expect((await noya.readAll()).map(([, text]) => text)).toEqual(["just between us", "one more", "heard"]);
    expect(await shlomo.page.getByText("between us").count()).toBe(0);
    expect(await entry(shlomo, "Noya").count()).toBe(0);
    await noya.button(`Group ${group}`).click();
    expect(await noya.messages.count()).toBe(0);
  });

  it("is there after a reload, with a draft, and tells what was said meanwhile", async () => {
    const { group, noya, bar } = await three();
    await write(noya, "Bar");
    await noya.say("before");
    await noya.sees("before");
    await noya.box("Message").fill("a draft");
    await entry(bar, "Noya").click();
    await noya.page.goto("about:blank");
    await bar.say("while you were away");
    await bar.sees("while you were away");
    await noya.page.goto(`${stage.web}/g/${group}`);
    await entry(noya, "Bar").getByText("1 unread message").waitFor();
    await entry(noya, "Bar").click();
    await noya.sees("while you were away");
    expect((await noya.readAll()).map(([, text]) => text)).toEqual(["before", "while you were away"]);
    expect(await noya.box("Message").inputValue()).toBe("a draft");
  });

  it("by a command stays where one is, and offers the way there", async () => {
    const { group, noya, bar } = await three();
    await noya.say("/msg bar psst");
    await noya.page.getByText("Sent to Bar alone.").waitFor();
    await noya.button("Open").waitFor();
    await bar.page.getByText("Noya, to you alone: psst").waitFor();
    await bar.button("Reply").click();
    await bar.sees("psst");
    await bar.say("what?");
    await entry(noya, "Bar").getByText("1 unread message").waitFor();
    await noya.button("Reply").click();
    await noya.sees("what?");
    await noya.say("/msg nobody hi");
    await noya.page.getByText("Nobody in this group is called nobody.").waitFor();
    expect(new URL(noya.page.url()).pathname).toBe(`/g/${group}/Bar`);
  });

  it("goes on under a new name, can be put away, and is over when the other leaves", async () => {
    const { noya, bar } = await three();
    await write(noya, "Bar");
    await noya.say("hello");
    await noya.sees("hello");
    await bar.say("/nick Barak");
    await noya.page.getByRole("heading", { level: 1, name: "Barak" }).waitFor();
    await noya.say("a good name");
    await noya.sees("a good name");
    await noya.button("Close conversation").click();
    await expect.poll(() => entry(noya, "Barak").count()).toBe(0);
    await entry(bar, "Noya").click();
    await bar.say("still there?");
    await entry(noya, "Barak").getByText("1 unread message").waitFor();
    await entry(noya, "Barak").click();
    await noya.sees("hello");
    await bar.page.getByRole("button", { name: /^Group / }).click();
    await bar.button("Leave group").click();
    await noya.page.getByText("The other one has left the group").waitFor();
    expect(await noya.box("Message").isDisabled()).toBe(true);
    await noya.sees("still there?");
    await noya.button("Remove from the list").click();
    await expect.poll(() => entry(noya, "Barak").count()).toBe(0);
  });
});
