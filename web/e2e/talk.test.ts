// What people do in a group, in two browsers and at a terminal.

import { describe, expect, it } from "vitest";
import { Stage } from "./stage";
import { Terminal } from "./terminal";

const stage = new Stage();

describe("coming in", () => {
  it("a group is created, and its number stands in the heading and the address", async () => {
    const noya = await stage.person();
    const group = await noya.create("Noya", "1234");
    expect(group).toMatch(/^\d{4,}$/);
    expect(new URL(noya.page.url()).pathname).toBe(`/g/${group}`);
    await noya.hears(/Connected/);
    await noya.members.getByText("Noya").waitFor();
    expect(await noya.box("Message").evaluate((box) => box === document.activeElement)).toBe(true);
  });

  it("a wrong number and a wrong password are answered alike, and a right one still works", async () => {
    const noya = await stage.person();
    const group = await noya.create("Noya", "1234");
    const bar = await stage.person(`/g/${group}`);
    expect(await bar.box("Group ID").inputValue()).toBe(group);
    const told: (string | null)[] = [];
    for (const [id, password] of [[group, "wrong"], ["999999999", "1234"]] as const) {
      await bar.box("Your name").fill("Bar");
      await bar.box("Group ID").fill(id);
      await bar.box("Password").fill(password);
      await bar.button("Join").click();
      const alert = bar.page.getByRole("alert");
      await alert.filter({ hasText: "No group has" }).waitFor();
      told.push(await alert.textContent());
    }
    expect(told[0]).toBe(told[1]);
    await bar.join("Bar", group, "1234");
    await noya.page.getByText("Bar joined").waitFor();
  });

  it("a name that is taken is asked for again, and nothing else", async () => {
    const noya = await stage.person();
    const group = await noya.create("Noya", "1234");
    const other = await stage.person(`/g/${group}`);
    await other.box("Your name").fill("NOYA");
    await other.box("Password").fill("1234");
    await other.button("Join").click();
    await other.page.getByRole("alert").filter({ hasText: "Choose another" }).waitFor();
    expect(await other.box("Your name").evaluate((box) => box === document.activeElement)).toBe(true);
    await other.box("Your name").fill("Noa");
    await other.page.keyboard.press("Enter");
    await other.log.waitFor();
  });

  it("a link lets somebody in who gives a name and no more, and stays out of the address", async () => {
    const noya = await stage.person();
    const group = await noya.create("Noya", "1234");
    await noya.button("Invite").click();
    const dialog = noya.page.getByRole("dialog", { name: "Invite to this group" });
    await dialog.getByRole("img", { name: "QR code of the link" }).waitFor();
    const link = (await dialog.locator("code").allTextContents()).find((line) => line.startsWith("http")) ?? "";
    expect(link).toMatch(new RegExp(`/g/${group}#.+`));
    const lines = (await dialog.locator("code").allTextContents()).slice(1);
    expect(lines).toEqual([
      `nc ${stage.program.console.host} ${stage.program.console.port}`,
      `conclave chat ${stage.program.console.host}:${stage.program.console.port}`,
      `/join #${group}`,
    ]);
    const bar = await stage.person(new URL(link).pathname + new URL(link).hash);
    await bar.page.getByText(`You are invited to group ${group}`).waitFor();
    expect(await bar.page.getByRole("textbox").count()).toBe(1);
    // A name that is taken costs nothing but another name.
    await bar.page.keyboard.type("Noya");
    await bar.page.keyboard.press("Enter");
    await bar.page.getByRole("alert").filter({ hasText: "Choose another" }).waitFor();
    await bar.box("Your name").fill("Bar");
    await bar.page.keyboard.press("Enter");
    await bar.log.waitFor();
    expect(bar.page.url()).toBe(`${stage.program.web}/g/${group}`);
    await noya.page.keyboard.press("Escape");
    await noya.page.getByText("Bar joined").waitFor();
  });

  it("a link that is no good is told of, and the password still works", async () => {
    const noya = await stage.person();
    const group = await noya.create("Noya", "1234");
    const bar = await stage.person(`/g/${group}#no-such-token`);
    await bar.box("Your name").fill("Bar");
    await bar.page.keyboard.press("Enter");
    await bar.page.getByRole("alert").filter({ hasText: "does not work any more" }).waitFor();
    await bar.box("Password").fill("1234");
    await bar.page.keyboard.press("Enter");
    await bar.log.waitFor();
  });

  it("who left by mistake comes back without the password", async () => {
    const noya = await stage.person();
    const group = await noya.create("Noya", "1234");
    const bar = await stage.person(`/g/${group}`);
    await bar.join("Bar", group, "1234");
    await bar.button("Leave group").click();
    await bar.button("Come back").click();
    await bar.log.waitFor();
    await noya.page.getByText(/Bar joined/).last().waitFor();
    await bar.hears(/Connected/);
  });

  it("a reload comes back into the group without a question, with what was said", async () => {
    const noya = await stage.person();
    await noya.create("Noya", "1234");
    await noya.say("before the reload");
    await noya.sees("before the reload");
    await noya.box("Message").fill("a draft");
    await noya.page.reload();
    await noya.sees("before the reload");
    await noya.hears(/Connected/);
    expect(await noya.box("Message").inputValue()).toBe("a draft");
    expect(await noya.message("before the reload").count()).toBe(1);
  });

  it("who leaves is gone for the others and on the start page", async () => {
    const noya = await stage.person();
    const group = await noya.create("Noya", "1234");
    const bar = await stage.person(`/g/${group}`);
    await bar.join("Bar", group, "1234");
    await bar.button("Leave group").click();
    await bar.page.getByRole("tab", { name: "Join a group" }).waitFor();
    await noya.page.getByText("Bar left").waitFor();
    await bar.page.reload();
    await bar.page.getByRole("tab", { name: "Join a group" }).waitFor();
  });

  it("who leaves as something is said is followed by nothing of it", async () => {
    const noya = await stage.person();
    await noya.page.clock.install();
    const group = await noya.create("Noya", "1234");
    const terminal = await Terminal.join(stage.program.console, "Bar", group, "1234");
    terminal.types("wait");
    await noya.sees("wait");
    await noya.button("Leave group").click();
    await noya.page.getByRole("tab", { name: "Join a group" }).waitFor();
    // What was to be told to a screen reader meanwhile has no group any more, and is no fault.
    await noya.page.clock.runFor(2_000);
    terminal.close();
  });
});

describe("talking", () => {
  it("two browsers and somebody at a terminal see the same, in one order", async () => {
    const noya = await stage.person();
    const group = await noya.create("Noya", "1234");
    const bar = await stage.person(`/g/${group}`);
    await bar.join("Bar", group, "1234");
    const terminal = await Terminal.join(stage.program.console, "Shlomo", group, "1234");
    await noya.say("Hi friends");
    await terminal.hears("Noya: Hi friends");
    terminal.types("Hello from the terminal");
    await bar.sees("Hello from the terminal");
    await bar.say("Hello, how are you?");
    await noya.sees("Hello, how are you?");
    await terminal.hears("Bar: Hello, how are you?");
    for (const one of [noya, bar]) {
      await one.members.getByText("Shlomo").waitFor();
      const texts = (await one.readAll()).map(([, text]) => text);
      expect(texts).toEqual(["Hi friends", "Hello from the terminal", "Hello, how are you?"]);
    }
    terminal.close();
    await noya.page.getByText("Shlomo left").waitFor();
  });

  it("several lines and a paste are one message, and Enter sends", async () => {
    const noya = await stage.person();
    await noya.create("Noya", "1234");
    await noya.box("Message").focus();
    await noya.page.keyboard.type("first");
    await noya.page.keyboard.press("Shift+Enter");
    await noya.page.keyboard.insertText("second\nthird");
    await noya.page.keyboard.press("Enter");
    await noya.sees("first");
    expect((await noya.readAll()).map(([, text]) => text)).toEqual(["first\nsecond\nthird"]);
    expect(await noya.box("Message").inputValue()).toBe("");
  });

  it("another group counts what is unread, in the list and in the title, until it is opened", async () => {
    const noya = await stage.person();
    const one = await noya.create("Noya", "1234");
    await noya.button("New group").click();
    const two = await noya.create("Noya", "1234");
    const bar = await stage.person(`/g/${one}`);
    await bar.join("Bar", one, "1234");
    await bar.say("anybody there?");
    await bar.say("I mean you, Noya");
    const entry = noya.page.getByRole("link", { name: new RegExp(one) });
    await entry.getByText("2 unread messages, you were called").waitFor();
    await expect.poll(() => noya.page.title()).toBe(`(2) ${two} – Conclave`);
    await entry.click();
    await noya.sees("I mean you, Noya");
    await expect.poll(() => noya.page.title()).toBe(`${one} – Conclave`);
    await noya.page.getByText("New messages", { exact: true }).waitFor();
    expect(await noya.message("I mean you").locator("mark").textContent()).toBe("Noya");
  });

  it("typing is seen, and over when the message is there", async () => {
    const noya = await stage.person();
    const group = await noya.create("Noya", "1234");
    const bar = await stage.person(`/g/${group}`);
    await bar.join("Bar", group, "1234");
    await bar.box("Message").pressSequentially("I am");
    await noya.page.getByText("Bar is typing…").waitFor();
    await bar.page.keyboard.press("Enter");
    await noya.page.getByText("Bar is typing…").waitFor({ state: "detached" });
  });

  it("slash commands do what they say, and a word that is none is never sent", async () => {
    const noya = await stage.person();
    const group = await noya.create("Noya", "1234");
    const bar = await stage.person(`/g/${group}`);
    await bar.join("Bar", group, "1234");
    await noya.say("/me waves");
    await bar.sees("waves");
    await noya.say("/nick Noah");
    await bar.page.getByText("Noya is now Noah").waitFor();
    await noya.say("/topic Picnic on Friday");
    await bar.page.getByRole("main").getByText("Picnic on Friday").first().waitFor();
    await noya.say("//not a command");
    await bar.sees("/not a command");
    await noya.say("/dance");
    await noya.page.getByText("/dance is no command").waitFor();
    expect(await noya.box("Message").inputValue()).toBe("/dance");
    await noya.box("Message").fill("");
    await noya.say("/who");
    await noya.page.getByText(/^Here: .*Bar/).waitFor();
    expect(await bar.message("dance").count()).toBe(0);
  });

  it("what is typed next takes the place of a command that came back, and is not typed on from it", async () => {
    const noya = await stage.person();
    const group = await noya.create("Noya", "1234");
    const terminal = await Terminal.join(stage.program.console, "Bar", group, "1234");
    await noya.say("/nick Bar");
    await noya.page.getByText("Somebody in the group has that name").waitFor();
    expect(await noya.box("Message").inputValue()).toBe("/nick Bar");
    await noya.page.keyboard.type("hello");
    await noya.page.keyboard.press("Enter");
    await terminal.hears("Noya: hello");
    terminal.close();
  });

  it("who runs the group mutes, removes and keeps out, and all are told", async () => {
    const noya = await stage.person();
    const group = await noya.create("Noya", "1234");
    const bar = await stage.person(`/g/${group}`);
    await bar.join("Bar", group, "1234");
    await bar.say("/topic mine");
    await noya.page.getByRole("main").getByText("mine").first().waitFor();
    await noya.say("/op Bar");
    await bar.page.getByText("Noya made Bar moderator").waitFor();
    await bar.members.getByText("moderator").waitFor();
    await noya.say("/deop Bar");
    await noya.say("/mute Bar");
    await noya.page.getByText(/Noya muted/).waitFor();
    await bar.say("can you hear me?");
    await bar.log.getByText(/Not sent: You may read here but not speak/).waitFor();
    await noya.say("/unmute Bar");
    await bar.log.getByRole("button", { name: "Try again" }).click();
    await noya.sees("can you hear me?");
    await noya.say("/kick Bar too loud");
    await noya.page.getByText("Noya removed Bar: too loud").waitFor();
    await bar.page.getByText("You were removed from this group").waitFor();
    expect(await bar.box("Message").isDisabled()).toBe(true);
  });

  it("a message that is too long is told of and kept, not cut", async () => {
    const noya = await stage.person();
    await noya.create("Noya", "1234");
    const long = "ש".repeat(2_049);
    await noya.box("Message").fill(long);
    await noya.page.keyboard.press("Enter");
    await noya.page.getByText("2 bytes too long").waitFor();
    expect(await noya.box("Message").inputValue()).toBe(long);
    await noya.box("Message").fill("ש".repeat(2_048));
    await noya.page.keyboard.press("Enter");
    await noya.sees("ש".repeat(2_048));
  });

  it("links lead to the web and nowhere else, and code is code", async () => {
    const noya = await stage.person();
    await noya.create("Noya", "1234");
    await noya.say("see https://example.org/a, javascript:alert(1) and `x < y`");
    await noya.sees("see https://");
    const links = await noya.log.getByRole("link").all();
    expect(links).toHaveLength(1);
    expect(await links[0]?.getAttribute("href")).toBe("https://example.org/a");
    expect(await links[0]?.getAttribute("rel")).toBe("noopener noreferrer");
    expect(await noya.log.locator("code").textContent()).toBe("x < y");
  });
});
