// Links that break and programs that are killed: nothing is lost, nothing doubled, and all are told.
//
// `CONCLAVE_CUT_SECONDS` makes the time of cuts longer than in an ordinary run.

import { setInterval } from "node:timers/promises";
import { expect, it } from "vitest";
import { Network } from "./cuts";
import type { Person } from "./people";
import { Stage } from "./stage";
import { Terminal } from "./terminal";

/** The pace of somebody who types fast, so that cuts fall between messages and into them. */
const WRITE_EVERY_MS = 100;
const CUT_SECONDS = Number(process.env["CONCLAVE_CUT_SECONDS"] ?? "10");

let network: Network;
const stage = new Stage(async (program) => (network = await Network.to(() => program.webPort)));

it("what is typed while the network is down is sent once it is back, in order and once", async () => {
  const noya = await stage.person();
  const group = await noya.create("Noya", "1234");
  const terminal = await Terminal.join(stage.program.console, "Shlomo", group, "1234");
  network.down();
  await noya.hears(/Connection lost/);
  for (const text of ["one", "two", "three"]) await noya.say(text);
  // They stand there as waiting, and are no messages yet.
  await noya.log.getByText("Waiting for the connection").first().waitFor({ state: "attached" });
  expect(await noya.messages.count()).toBe(0);
  terminal.types("while you were away");
  network.up();
  await noya.button("Try now").click({ timeout: 2_000 }).catch(() => undefined);
  await noya.hears(/Back\. 1 missed message loaded/);
  await noya.sees("three");
  await terminal.hears("Noya: three");
  const said = (await noya.readAll()).map(([, text]) => text);
  expect(said).toEqual(["while you were away", "one", "two", "three"]);
  expect(terminal.lines().filter((line) => line.startsWith("Noya:"))).toEqual(["Noya: one", "Noya: two", "Noya: three"]);
  terminal.close();
});

it("a draft and what waits to be sent outlive a reload while the server is away", async () => {
  const noya = await stage.person();
  await noya.create("Noya", "1234");
  await noya.say("before");
  await noya.sees("before");
  network.down();
  await noya.hears(/Connection lost/);
  await noya.say("queued");
  await noya.box("Message").fill("a draft");
  network.up();
  await noya.page.reload();
  await noya.sees("queued");
  expect(await noya.box("Message").inputValue()).toBe("a draft");
  expect((await noya.readAll()).map(([, text]) => text)).toEqual(["before", "queued"]);
});

it("the server is killed and started again in the middle, and nobody notices more than a pause", async () => {
  const noya = await stage.person();
  const group = await noya.create("Noya", "1234");
  const bar = await stage.person(`/g/${group}`);
  await bar.join("Bar", group, "1234");
  await noya.say("before the kill");
  await bar.sees("before the kill");
  await stage.program.kill();
  await noya.hears(/Connection lost/);
  await noya.say("during the kill");
  await bar.box("Message").fill("typed during the kill");
  await stage.program.again();
  await noya.sees("during the kill");
  await bar.sees("during the kill");
  expect(await bar.box("Message").inputValue()).toBe("typed during the kill");
  await bar.page.keyboard.press("Enter");
  await noya.sees("typed during the kill");
  for (const one of [noya, bar]) {
    const said = (await one.readAll()).map(([, text]) => text);
    expect(said).toEqual(["before the kill", "during the kill", "typed during the kill"]);
  }
});

it("the page opens without a network, with what it last had, and goes on once there is one", async () => {
  const noya = await stage.person();
  const group = await noya.create("Noya", "1234");
  await noya.say("said while there was a network");
  await noya.sees("said while there was a network");
  // Polls until the service worker has the page; it is in no hurry.
  await expect
    .poll(() => noya.page.evaluate(async () => (await caches.match("/")) !== undefined && (await caches.keys()).length), { timeout: 20_000 })
    .toBe(1);
  await noya.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  network.down();
  await noya.page.goto(`${network.web}/g/${group}`);
  await noya.sees("said while there was a network");
  await noya.hears(/Connection lost|offline/);
  await noya.say("said without one");
  network.up();
  await noya.hears(/Connected|Back/);
  const bar = await stage.person(`/g/${group}`);
  await bar.join("Bar", group, "1234");
  await bar.sees("said without one");
  expect((await bar.readAll()).map(([, text]) => text)).toEqual(["said while there was a network", "said without one"]);
});

it(
  "cuts every two seconds while both sides write lose nothing, double nothing and keep one order",
  async () => {
    const noya = await stage.person();
    const group = await noya.create("Noya", "1234");
    const bar = await stage.person(`/g/${group}`);
    await bar.join("Bar", group, "1234");
    const terminal = await Terminal.join(stage.program.console, "Shlomo", group, "1234");
    const expected = new Set<string>();
    const until = Date.now() + CUT_SECONDS * 1_000;
    const writes = async (one: Person, name: string): Promise<void> => {
      let at = 0;
      for await (const _tick of setInterval(WRITE_EVERY_MS)) {
        if (Date.now() >= until) return;
        at += 1;
        expected.add(`${name} ${at}`);
        await one.say(`${name} ${at}`);
      }
    };
    const cutter = globalThis.setInterval(() => network.cut(), 2_000);
    await Promise.all([writes(noya, "noya"), writes(bar, "bar")]);
    clearInterval(cutter);
    expect(network.cuts).toBeGreaterThan(CUT_SECONDS / 2 - 2);
    for (const one of [noya, bar]) {
      // Polls until the last cut is got over: nothing stands there as unsent.
      await expect.poll(() => one.page.locator(".send").count(), { timeout: 30_000 }).toBe(0);
      await one.hears(/Connected|Back/);
    }
    await expect.poll(() => terminal.lines().filter((line) => /^(Noya|Bar): /.test(line)).length, { timeout: 30_000 }).toBe(expected.size);
    const [first, second] = [await noya.readAll(), await bar.readAll()];
    expect(first).toEqual(second);
    const said = first.map(([, text]) => text);
    expect(said).toHaveLength(expected.size);
    expect(new Set(said)).toEqual(expected);
    const atTerminal = terminal.lines().filter((line) => /^(Noya|Bar): /.test(line)).map((line) => line.replace(/^\w+: /, ""));
    expect(atTerminal).toEqual(said);
    for (const name of ["noya", "bar"]) {
      const own = said.filter((text) => text.startsWith(name)).map((text) => Number(text.split(" ")[1]));
      expect(own).toEqual(own.map((_, at) => at + 1));
    }
    terminal.close();
  },
  60_000 + CUT_SECONDS * 2_000,
);
