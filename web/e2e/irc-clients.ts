// The IRC clients that people have already: irssi and WeeChat as Debian brings them, and the
// library under The Lounge and Kiwi. Each joins a group by number and key, types, and tells what it
// has seen others say, in its own order.
//
// Knows nothing of the program but its address.

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "irc-framework";
import { expect } from "vitest";

/** Where a server listens. */
export interface Address {
  host: string;
  port: number;
}

/** What somebody was seen to say. */
export interface Said {
  name: string;
  text: string;
}

/** One client, a member of one group. */
export interface IrcClient {
  readonly name: string;
  says(text: string): Promise<void>;
  /** What was said by others, in the order in which it was shown. */
  seen(): Said[];
  leave(): Promise<void>;
}

/** Waits until a client has seen others say so many things. */
export async function sees(client: IrcClient, count: number): Promise<void> {
  // Polls until the client's log, which it writes when it likes, has them.
  await expect.poll(() => client.seen().length, { timeout: 30_000, interval: 50, message: client.name }).toBeGreaterThanOrEqual(count);
}

async function becomes(holds: () => boolean, what: string): Promise<void> {
  // Polls until another program has done something.
  await expect.poll(holds, { timeout: 20_000, interval: 50, message: what }).toBe(true);
}

const folder = (name: string): string => mkdtempSync(join(tmpdir(), `conclave-${name}-`));
const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, "utf8") : "");

/** irssi, in a terminal of its own. */
export async function irssi(at: Address, name: string, group: string, key: string): Promise<IrcClient> {
  const home = folder("irssi");
  const socket = join(home, "tmux");
  const tmux = (...words: string[]): string => execFileSync("tmux", ["-S", socket, "-f", "/dev/null", ...words]).toString();
  const log = join(home, "log");
  // Its log is on from the start, and its own brake is off, which would make the test slow. Lines
  // that reach it together on a busy machine are no paste that it should ask about.
  writeFileSync(
    join(home, "config"),
    `settings = { core = { real_name = "${name}"; user_name = "${name}"; nick = "${name}"; log_create_mode = "600"; };
      "fe-common/core" = { autolog = "yes"; autolog_path = "${log}/$0.log"; autolog_level = "all"; };
      "irc/core" = { cmds_max_at_once = "1000"; cmd_queue_speed = "10msec"; };
      "fe-text" = { paste_verify_line_count = "0"; }; };\n`,
  );
  tmux("new-session", "-d", "-s", "irssi", "-x", "120", "-y", "40", `irssi --home=${home}`);
  const types = (line: string): void => {
    tmux("send-keys", "-t", "irssi", "-l", line);
    tmux("send-keys", "-t", "irssi", "Enter");
  };
  const shows = (text: string): Promise<void> =>
    becomes(() => tmux("capture-pane", "-p", "-t", "irssi").includes(text), `irssi shows ${text}`);
  await shows("[(status)]");
  types(`/connect -notls ${at.host} ${at.port}`);
  await shows("End of /MOTD");
  types(`/join #${group} ${key}`);
  // It shows the channel's window before it has asked for it.
  await shows(`#${group}: Total of`);
  return {
    name,
    async says(text) {
      types(text);
    },
    seen() {
      // `09:30 <@Noya> text`, and what is its own among them.
      const lines = textOf(join(log, `#${group}.log`)).split("\n");
      const said = lines.flatMap((line) => {
        const found = /^\d\d:\d\d <[ @+]?([^>]+)> (.*)$/.exec(line);
        return found ? [{ name: found[1] ?? "", text: found[2] ?? "" }] : [];
      });
      return said.filter((one) => one.name !== name);
    },
    async leave() {
      types("/quit");
      // Polls until the terminal has gone with the program in it.
      await becomes(() => {
        try {
          execFileSync("tmux", ["-S", socket, "has-session", "-t", "irssi"], { stdio: "ignore" });
          return false;
        } catch {
          return true;
        }
      }, "irssi has ended");
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** WeeChat without a screen. */
export async function weechat(at: Address, name: string, group: string, key: string): Promise<IrcClient> {
  const home = folder("weechat");
  mkdirSync(join(home, "logs"));
  const process: ChildProcess = spawn("weechat-headless", ["-d", home], { stdio: "ignore" });
  const fifo = (): string | undefined => readdirSync(home).find((file) => file.startsWith("weechat_fifo"));
  await becomes(() => fifo() !== undefined, "WeeChat listens");
  const pipe = join(home, fifo() ?? "");
  const types = (line: string): void => writeFileSync(pipe, `${line}\n`, { flag: "a" });
  const log = join(home, "logs", `irc.conclave.#${group}.weechatlog`);
  for (const line of [
    "/set logger.file.flush_delay 0",
    `/server add conclave ${at.host}/${at.port}`,
    // Of one of its names, as the version has it.
    "/set irc.server.conclave.ssl off",
    "/set irc.server.conclave.tls off",
    `/set irc.server.conclave.nicks ${name}`,
    `/set irc.server.conclave.username ${name}`,
    // A client's own brake would make the test slow.
    "/set irc.server_default.anti_flood_prio_high 0",
    "/set irc.server_default.anti_flood_prio_low 0",
    `/set irc.server.conclave.autojoin "#${group} ${key}"`,
    "/connect conclave",
  ])
    types(`*${line}`);
  await becomes(() => textOf(log).includes(name), "WeeChat has joined");
  return {
    name,
    async says(text) {
      types(`irc.conclave.#${group} *${text}`);
    },
    seen() {
      // `2026-11-21 09:30:00<tab>@Noya<tab>text`.
      const lines = textOf(log).split("\n");
      const said = lines.flatMap((line) => {
        const [, prefix = "", text = ""] = line.split("\t");
        const who = prefix.replace(/^[@+]/, "");
        return /^(--|-->|<--|=!=|)$/.test(who) ? [] : [{ name: who, text }];
      });
      return said.filter((one) => one.name !== name);
    },
    async leave() {
      const ended = new Promise((resolve) => process.once("exit", resolve));
      types("*/quit");
      await ended;
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** The library under The Lounge and Kiwi. */
export async function framework(at: Address, name: string, group: string, key: string): Promise<IrcClient> {
  const client = new Client();
  const said: Said[] = [];
  const channel = `#${group}`;
  const joined = new Promise<void>((resolve, reject) => {
    client.on("registered", () => client.join(channel, key));
    client.on("join", (event: { nick: string; channel: string }) => {
      if (event.nick === name && event.channel === channel) resolve();
    });
    client.on("irc error", (event: { error: string }) => reject(new Error(event.error)));
    client.on("message", (event: { type: string; nick: string; target: string; message: string }) => {
      if (event.type === "privmsg" && event.target === channel) said.push({ name: event.nick, text: event.message });
    });
  });
  const quit = (): Promise<unknown> => {
    const closed = new Promise((resolve) => client.once("close", resolve));
    client.quit("bye");
    return closed;
  };
  client.connect({ host: at.host, port: at.port, nick: name, username: name, gecos: name, auto_reconnect: false, enable_echomessage: true });
  await joined.catch(async (error: unknown) => {
    await quit();
    throw error;
  });
  return {
    name,
    async says(text) {
      client.say(channel, text);
    },
    seen: () => said.filter((one) => one.name !== name),
    async leave() {
      await quit();
    },
  };
}
