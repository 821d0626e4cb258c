// Slash commands, carried out.
//
// Knows the client, the screen and the words. Whatever goes wrong is told to the one who typed it
// and to nobody else.

import { num, readBans, readMembers, str, type Json, type Problem } from "../api/frames";
import { homeOf } from "../state/directs";
import { IGNORED_MAX, isIgnored, nameMeant, withIgnored } from "../state/ignored";
import type { Group } from "../state/group";
import { groupOf } from "../state/app";
import type { Slash } from "../text/slash";
import { isolate } from "../text/isolate";
import { chosen } from "./choices.svelte";
import type { Client, Outcome } from "./client.svelte";
import { screen } from "./screen.svelte";

/** What a command may need of the page. */
export interface Page {
  readonly goBack: (count: number) => void;
  readonly openGroup: (group: string) => void;
  readonly leave: (group: Group) => Promise<void>;
}

/** Does what was typed; true where the line is done with. */
export async function carryOut(client: Client, group: Group, slash: Slash, page: Page): Promise<boolean> {
  const { notes } = chosen.words;
  // In a conversation of two a command is about the group that both are in.
  const home = homeOf(group);
  const tell = (outcome: Outcome<Json>, done: (ok: Json) => string | null = () => null): boolean => {
    if ("ok" in outcome) screen.say(done(outcome.ok));
    else screen.say(whyNot(outcome.problem));
    return "ok" in outcome;
  };
  screen.say(null);
  switch (slash.do) {
    case "say":
      client.say(group.id, slash.text, slash.kind);
      return true;
    case "unknown":
      screen.say(notes.unknown(isolate(slash.word)));
      return false;
    case "usage":
      screen.say(notes.usage(slash.usage));
      return false;
    case "join":
      return join(client, group, slash.group, slash.password, page);
    case "create":
      screen.start = { tab: "create", group: "", invite: "" };
      return true;
    case "leave":
      await page.leave(group);
      return true;
    case "invite":
      screen.show("invite");
      return true;
    case "help":
      screen.show("sheet");
      return true;
    case "theme": {
      const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
      const now = chosen.choices.theme === "system" ? (isDark ? "dark" : "light") : chosen.choices.theme;
      chosen.setTheme(now === "dark" ? "light" : "dark");
      return true;
    }
    case "language":
      await chosen.speak(chosen.language === "he" ? "en" : "he", true);
      return true;
    case "list":
      screen.say(notes.groups(client.app.groups.filter((one) => !one.direct).map((one) => isolate(one.topic ? `${one.id} (${one.topic})` : one.id))));
      return true;
    case "members": {
      const outcome = await client.do({ op: "members", group: home });
      const here = (ok: Json): string[] =>
        readMembers(ok["members"]).filter((one) => one.here).map((one) => isolate(one.name));
      return tell(outcome, (ok) => notes.members(here(ok)));
    }
    case "rename":
      return tell(await client.do({ op: "rename", group: home, name: slash.name }));
    case "topic":
      if (slash.text === null) {
        screen.say(notes.topic(isolate(groupOf(client.app, home)?.topic ?? "")));
        return true;
      }
      return tell(await client.do({ op: "topic", group: home, text: slash.text }));
    case "direct":
      return converse(client, home, slash, page);
    case "ignore":
      return slash.name === "" ? tellIgnored(client, home) : ignore(client, home, slash.name, slash.isIgnored);
    case "moderate":
      return tell(
        await client.do({
          op: "moderate",
          group: home,
          do: slash.what,
          ...(slash.name ? { name: slash.name } : {}),
          ...(slash.text ? { text: slash.text } : {}),
        }),
        () => notes.done,
      );
    case "bans":
      return tell(await client.do({ op: "bans", group: home }), (ok) => {
        return notes.bans(readBans(ok).map((ban) => isolate(ban.mask)));
      });
    case "history":
      page.goBack(slash.count);
      return true;
    case "read":
      client.markRead(group.id);
      return true;
    case "export":
      await save(client, group);
      return true;
    case "version":
      return tell(await serverAnswer(), (ok) => notes.version(str(ok["name"]), str(ok["version"])));
  }
}

/** What to say where something was not done. */
export const whyNot = (problem: Problem): string =>
  problem.code === "broken" ? chosen.words.notes.offline : chosen.why(problem);

/** Tells a member something, or opens the conversation where there is nothing to tell yet. */
function converse(client: Client, home: string, { to, text }: { readonly to: string; readonly text: string }, page: Page): boolean {
  const wanted = to.toLocaleLowerCase();
  const member = groupOf(client.app, home)?.members.find((one) => one.name.toLocaleLowerCase() === wanted);
  if (!member) {
    screen.say(chosen.words.notes.nobody(isolate(to)));
    return false;
  }
  const id = client.converse(home, member.name);
  if (text === "") {
    page.openGroup(id);
    return true;
  }
  client.say(id, text);
  screen.say(chosen.words.notes.directSent(isolate(member.name)), {
    label: chosen.words.direct.open,
    run: () => page.openGroup(id),
  });
  return true;
}

function tellIgnored(client: Client, home: string): boolean {
  screen.say(chosen.words.notes.ignored((groupOf(client.app, home)?.ignored ?? []).map(isolate)));
  return true;
}

/** Hides what a member of a group says from now on and said before, or shows it again. */
export function ignore(client: Client, home: string, typed: string, isToBe: boolean): boolean {
  const { notes, manage } = chosen.words;
  const group = groupOf(client.app, home);
  const name = group ? nameMeant(group, typed) : null;
  const say = (text: string): boolean => {
    screen.say(text);
    return false;
  };
  if (!group || name === null) return say(notes.nobody(isolate(typed)));
  if (name === group.you) return say(notes.yourself);
  if (isToBe && !isIgnored(group, name) && group.ignored.length >= IGNORED_MAX) return say(notes.ignoredMax(IGNORED_MAX));
  client.ignore(home, withIgnored(group.ignored, name, isToBe));
  const takeBack = (): void => {
    // The name may be another one by then.
    client.ignore(home, group.ignored);
    screen.say(null);
  };
  if (isToBe) screen.say(notes.ignoring(isolate(name)), { label: manage.unignore, run: takeBack });
  else screen.say(notes.heardAgain(isolate(name)));
  return true;
}

async function join(client: Client, from: Group, id: string, password: string, page: Page): Promise<boolean> {
  if (client.app.groups.some((group) => group.id === id)) {
    page.openGroup(id);
    return true;
  }
  if (password === "") {
    screen.start = { tab: "join", group: id, invite: "" };
    return true;
  }
  const outcome = await client.join(id, from.you, { password });
  if ("ok" in outcome) page.openGroup(outcome.ok.group);
  else screen.say(chosen.why(outcome.problem));
  return "ok" in outcome;
}

/** What the server says about itself. */
export async function serverAnswer(): Promise<Outcome<Json>> {
  try {
    const answer = await fetch("/api/v1/server");
    if (answer.ok) return { ok: (await answer.json()) as Json };
  } catch {
    // Told below, like every other way of not getting it.
  }
  return { problem: { code: "broken", message: "" } };
}

/** Saves all that was said as a text, page by page over the link. */
async function save(client: Client, group: Group): Promise<void> {
  const lines: string[] = [];
  for (let after = 0; after < group.head; ) {
    const outcome = await client.do({ op: "history", group: group.id, after, limit: 500 });
    if (!("ok" in outcome)) {
      screen.say(chosen.words.notes.offline);
      return;
    }
    const events = Array.isArray(outcome.ok["events"]) ? (outcome.ok["events"] as Json[]) : [];
    if (events.length === 0) break;
    for (const event of events) {
      const { at, name, kind, text } = event;
      const said = kind === "said" ? `${str(name)}: ${str(text)}` : `* ${str(name)} ${str(kind)} ${str(text)}`.trimEnd();
      lines.push(`[${str(at)}] ${said}`);
    }
    after = num(events.at(-1)?.["seq"]);
    if (after === 0) break;
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${lines.join("\n")}\n`], { type: "text/plain" }));
  link.download = `conclave-${group.id}.txt`;
  link.click();
  URL.revokeObjectURL(link.href);
}
