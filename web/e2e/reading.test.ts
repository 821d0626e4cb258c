// Reading and writing in a long log: who reads further up is never moved but by their own doing.

import { afterEach, describe, expect, it } from "vitest";
import { Network } from "./cuts";
import type { Person } from "./people";
import { Stage } from "./stage";
import { Terminal } from "./terminal";

let network: Network;
const stage = new Stage(async (program) => {
  network = await Network.to(() => program.webPort);
  return network;
});
afterEach(() => network.up());
/** Noya, in a group in which Shlomo has said so many lines at a terminal. */
async function longLog(lines: number): Promise<{ group: string; noya: Person; terminal: Terminal }> {
  const noya = await stage.person();
  const group = await noya.create("Noya", "1234");
  const terminal = await Terminal.join(stage.program.console, "Shlomo", group, "1234");
  for (let at = 1; at <= lines; at += 1) terminal.types(`line ${at}`);
  await noya.sees(`line ${lines}`);
  return { group, noya, terminal };
}
const readBack = (one: Person, pixels: number): Promise<void> => one.log.evaluate((log, by) => void (log.scrollTop -= by), pixels);
/** Whether the last row of the log is in view. */
const isAtEnd = (one: Person): Promise<boolean> => one.log.evaluate((log) => log.scrollHeight - log.clientHeight - log.scrollTop < 2);

/** More is said, and it is in view: nobody has left the end. */
async function goesOn(one: Person, terminal: Terminal): Promise<void> {
  for (let at = 61; at <= 90; at += 1) terminal.types(`line ${at}`);
  await one.sees("line 90");
  expect(await one.button("To the newest").count()).toBe(0);
  terminal.close();
}

describe("a long log", () => {
  it("goes to the end when one says something, and the message stands there as waiting until it is sent", async () => {
    const { noya, terminal } = await longLog(300);
    await readBack(noya, 4_000);
    await noya.button("To the newest").waitFor();
    network.down();
    await noya.hears(/Connection lost/);
    await noya.say("from further up");
    const waiting = noya.page.locator(".send").filter({ hasText: "from further up" });
    await waiting.waitFor();
    await expect.poll(() => isAtEnd(noya)).toBe(true);
    await waiting.getByText("Waiting for the connection").waitFor({ state: "attached" });
    network.up();
    await noya.sees("from further up");
    expect(await waiting.count()).toBe(0);
    await expect.poll(() => isAtEnd(noya)).toBe(true);
    terminal.close();
  });

  it("goes to the end from a place so far up that the end is not loaded", async () => {
    const { noya, terminal } = await longLog(1_500);
    await noya.log.evaluate((log) => void (log.scrollTop = 0));
    await noya.sees("line 1");
    await noya.say("from the start");
    await noya.sees("from the start");
    await expect.poll(() => isAtEnd(noya)).toBe(true);
    terminal.close();
  });

  it("left while one reads its start is there again when one comes back", async () => {
    const { group, noya, terminal } = await longLog(1_500);
    await noya.log.evaluate((log) => void (log.scrollTop = 0));
    await noya.sees("line 1");
    await noya.button("New group").click();
    await noya.create("Noya", "1234");
    await noya.page.getByRole("link", { name: new RegExp(group) }).click();
    await noya.sees("line 1500");
    terminal.close();
  });

  it("tells the day of what is read while its line is out of view", async () => {
    const { noya, terminal } = await longLog(300);
    const day = noya.page.locator(".day:not(.row)");
    expect(await day.count()).toBe(0);
    await readBack(noya, 3_000);
    await day.filter({ hasText: "Today" }).waitFor();
    await noya.button("To the newest").click();
    await day.waitFor({ state: "detached" });
    terminal.close();
  });

  it("who reads further up is told of what is new, and left where they are", async () => {
    const { noya, terminal } = await longLog(300);
    await readBack(noya, 3_000);
    const first = noya.messages.first();
    await noya.button("To the newest").waitFor();
    const seq = await first.getAttribute("data-seq");
    terminal.types("something new");
    await noya.button("1 new").waitFor();
    expect(await first.getAttribute("data-seq")).toBe(seq);
    await noya.button("1 new").click();
    await noya.sees("something new");
    const read = await noya.readAll();
    expect(read.map(([, text]) => text)).toEqual([...Array.from({ length: 300 }, (_, at) => `line ${at + 1}`), "something new"]);
    terminal.close();
  });

  it("who is at the end stays there though the box grows just before a scroll is told", async () => {
    const { noya, terminal } = await longLog(60);
    await noya.log.evaluate((log) => {
      const box = document.querySelector("textarea");
      if (box) box.style.blockSize = "200px";
      log.dispatchEvent(new Event("scroll"));
    });
    await goesOn(noya, terminal);
  });

  it("who is at the end stays there though the box shrinks and grows before a scroll is told", async () => {
    const { noya, terminal } = await longLog(60);
    await noya.log.evaluate(async (log) => {
      const box = document.querySelector("textarea");
      if (!box) return;
      const frame = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve));
      box.style.blockSize = "200px";
      await frame();
      await frame();
      box.style.blockSize = "40px";
      log.scrollTop += 0;
      box.style.blockSize = "160px";
      log.dispatchEvent(new Event("scroll"));
    });
    await goesOn(noya, terminal);
  });

  it("who has just gone up is not taken back to the end by what comes before that is told", async () => {
    const { noya, terminal } = await longLog(60);
    await noya.log.evaluate((log) => {
      log.scrollTop -= 500;
      window.dispatchEvent(new Event("blur"));
      window.dispatchEvent(new Event("focus"));
    });
    await noya.button("To the newest").waitFor();
    terminal.close();
  });
});
