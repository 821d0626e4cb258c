// One group through every door: browsers, netcat, and the IRC clients that people have already.

import { afterEach, expect, it } from "vitest";
import { framework, irssi, sees, weechat, type IrcClient, type Said } from "./irc-clients";
import { Stage } from "./stage";
import { Terminal } from "./terminal";

/** Messages of each of the five. A longer run is 200 of each. */
const EACH = Number(process.env["CONCLAVE_IRC_MESSAGES"] ?? 40);

const stage = new Stage();
/** Those who are in a group just now. */
const clients: IrcClient[] = [];

afterEach(async () => {
  // A test that failed has left them there.
  await Promise.allSettled(clients.splice(0).map((client) => client.leave()));
});

/** What netcat was shown of others. */
function seenBy(terminal: Terminal): Said[] {
  return terminal.lines().flatMap((line) => {
    const found = /^([^ *\[][^:]*): (.*)$/.exec(line);
    return found ? [{ name: found[1] ?? "", text: found[2] ?? "" }] : [];
  });
}

it("irssi, WeeChat, irc-framework, a browser and netcat see the same messages in the same order", async () => {
  const noya = await stage.person();
  const key = "opensesame";
  const group = await noya.create("Noya", key);
  const at = stage.program.console;
  const terminal = await Terminal.join(at, "Tal", group, key);
  for (const join of [irssi, weechat, framework]) clients.push(await join(at, join.name, group, key));
  await noya.members.getByText("framework").waitFor();

  // All at once, in Hebrew too: whose message comes first is the server's to say.
  const text = (name: string, n: number): string => `${name} ${n} שלום`;
  const typing = clients.map(async (client) => {
    for (let n = 0; n < EACH; n += 1) {
      await client.says(text(client.name, n));
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  for (let n = 0; n < EACH; n += 1) {
    terminal.types(text("Tal", n));
    await noya.say(text("Noya", n));
  }
  await Promise.all(typing);

  const all = 5 * EACH;
  await Promise.all(clients.map((client) => sees(client, all - EACH)));
  // Polls until netcat has told of the last of them.
  await expect.poll(() => seenBy(terminal).length, { timeout: 30_000 }).toBe(all - EACH);
  const shown = (await noya.readAll()).map(([, line]) => line).filter((line) => / \d+ שלום$/.test(line));
  expect(shown).toHaveLength(all);
  expect(new Set(shown).size).toBe(all);

  const others = (name: string): string[] => shown.filter((line) => !line.startsWith(`${name} `));
  expect(seenBy(terminal).map((one) => one.text)).toEqual(others("Tal"));
  for (const client of clients) {
    const seen = client.seen();
    expect(seen.map((one) => one.text), client.name).toEqual(others(client.name));
    for (const one of seen) expect(one.text.startsWith(`${one.name} `), `${one.name}: ${one.text}`).toBe(true);
  }
  for (const client of clients.splice(0)) {
    await client.leave();
    await terminal.hears(`* ${client.name} has left the group`);
  }
  terminal.close();
  expect(noya.complaints).toEqual([]);
  await noya.leaveBrowser();
}, 180_000);

it("a wrong key and an unknown number turn every client away alike", async () => {
  const noya = await stage.person();
  const group = await noya.create("Noya", "opensesame");
  const told: string[] = [];
  for (const [number, key] of [[group, "wrong"], ["999999999", "opensesame"]] as const) {
    await framework(stage.program.console, "Bar", number, key).then(
      (client) => client.leave().then(() => told.push("joined")),
      (error: Error) => told.push(error.message),
    );
  }
  expect(told).toEqual(["bad_channel_key", "bad_channel_key"]);
  await noya.leaveBrowser();
});
