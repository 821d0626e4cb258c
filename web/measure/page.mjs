// Measures the page on the work that docs/performance.md tells of: its weight, how soon it can be
// used, a burst into the open group, and a group of 100,000 messages.
//
// Usage: node measure/page.mjs [--program PATH] [--messages 100000] [--json]
// Needs the release build (`cargo build --release -p conclave`) and Chromium. Prints one line a
// figure. Says what was measured and judges nothing.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const { values } = parseArgs({
  options: {
    program: { type: "string", default: fileURLToPath(new URL("../../target/release/conclave", import.meta.url)) },
    messages: { type: "string", default: "100000" },
    json: { type: "boolean", default: false },
  },
});

const figures = {};
const show = (name, value) => {
  figures[name] = value;
  if (!values.json) console.log(`${name}: ${typeof value === "number" ? Math.round(value * 10) / 10 : value}`);
};
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

// The program, and somebody at a terminal who says as much as is asked for.

const folder = mkdtempSync(join(tmpdir(), "conclave-measure-"));
const server = spawn(values.program, ["serve", "--listen", "127.0.0.1:0", "--web", "127.0.0.1:0", "--data", folder, "--message-rate", "none", "--log", "warn"], { stdio: ["ignore", "pipe", "inherit"] });
const [terminal, web] = await new Promise((resolve, reject) => {
  let told = "";
  server.on("exit", () => reject(new Error("the program ended")));
  server.stdout.on("data", (chunk) => {
    told += chunk;
    const found = [...told.matchAll(/^listening on (\S+) \(/gm)].map((match) => match[1]);
    if (found.length === 2) resolve(found);
  });
});
server.removeAllListeners("exit");
const base = `http://${web}`;

/** Joins a group from a terminal; gives a way to say lines. */
async function talker(name, group, password) {
  const [host, port] = terminal.split(":");
  const socket = connect(Number(port), host);
  let heard = "";
  socket.on("data", (chunk) => (heard = (heard + chunk).slice(-4_096)));
  const hears = (text) =>
    new Promise((resolve) => {
      const look = () => heard.includes(text) && (socket.off("data", look), resolve());
      socket.on("data", look);
      look();
    });
  await hears("3. Exit");
  for (const [line, next] of [["1", "name:"], [name, "group ID:"], [group, "password:"], [password, "You're connected"]]) {
    socket.write(`${line}\n`);
    await hears(next);
  }
  const say = (line) => (socket.write(`${line}\n`) ? Promise.resolve() : new Promise((resolve) => socket.once("drain", resolve)));
  return { say, hears, close: () => socket.end() };
}

// The browser, and what it is asked.

const browser = await chromium.launch({
  executablePath: process.env.CONCLAVE_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--js-flags=--expose-gc", "--enable-precise-memory-info"],
});
const visit = async (path, options = {}) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(base + path);
  return page;
};
const box = (page, name) => page.getByRole("textbox", { name, exact: true });
const watchFrames = (page) =>
  page.evaluate(() => {
    window.frames_ = [];
    window.tasks_ = [];
    new PerformanceObserver((list) => window.tasks_.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: "longtask" });
    let last = performance.now();
    const next = () => {
      const now = performance.now();
      window.frames_.push(now - last);
      last = now;
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  });
const resetFrames = (page) => page.evaluate(() => (window.frames_.length = window.tasks_.length = 0));
/** The longest frame, how many were over 50 ms, and the longest task of the page's own. */
const frames = (page) =>
  page.evaluate(() => ({
    longest: Math.max(0, ...window.frames_),
    over50: window.frames_.filter((frame) => frame > 50).length,
    count: window.frames_.length,
    task: Math.max(0, ...window.tasks_),
  }));
/**
 * What the page's main thread computed while something was done: its longest task and all of them,
 * in milliseconds of processor time, which other programs on the machine do not lengthen.
 */
async function computed(page, name, what) {
  const session = await page.context().newCDPSession(page);
  const events = [];
  session.on("Tracing.dataCollected", ({ value }) => events.push(...value));
  const complete = new Promise((resolve) => session.once("Tracing.tracingComplete", resolve));
  await session.send("Tracing.start", { transferMode: "ReportEvents", traceConfig: { includedCategories: ["toplevel", "__metadata"] } });
  await what();
  await session.send("Tracing.end");
  await complete;
  await session.detach();
  const mains = new Set(events.filter((one) => one.name === "thread_name" && one.args?.name === "CrRendererMain").map((one) => `${one.pid} ${one.tid}`));
  const tasks = events.filter((one) => /RunTask$/.test(one.name) && one.tdur && mains.has(`${one.pid} ${one.tid}`)).map((one) => one.tdur / 1_000);
  show(`${name}: longest task by processor time, ms`, Math.max(0, ...tasks));
  show(`${name}: tasks over 50 ms by processor time`, tasks.filter((task) => task > 50).length);
  show(`${name}: processor time of the page in all, ms`, tasks.reduce((sum, task) => sum + task, 0));
}
const showFrames = async (name, page) => {
  const { longest, over50, count, task } = await frames(page);
  show(`${name}: longest frame, ms`, longest);
  show(`${name}: frames over 50 ms`, `${over50} of ${count}`);
  show(`${name}: longest task, ms`, task === 0 ? "none over 50" : task);
};
const showWeight = async (name, page) => {
  show(`${name}: elements`, await page.evaluate(() => document.querySelectorAll("*").length));
  // A debugger's own objects are not the page's.
  const heap = await page.evaluate(() => {
    window.gc();
    return performance.memory.usedJSHeapSize / 1e6;
  });
  show(`${name}: heap, MB`, heap);
};

try {
  // 1. First load.
  {
    const context = await browser.newContext();
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send("Network.enable");
    let [bytes, requests] = [0, 0];
    session.on("Network.responseReceived", () => (requests += 1));
    session.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
    await page.goto(base, { waitUntil: "load" });
    await page.waitForTimeout(1_000);
    show("first load: KB on the wire", bytes / 1_000);
    show("first load: requests", requests);
    await context.close();
  }

  // 2. From navigation to an input that can be typed in, and until the app is there that makes use
  // of what is typed; and, turn by turn, to that of a page with nothing else on it, which tells what
  // of the time is the browser's and the machine's.
  const bare = createServer((_, answer) => {
    answer.setHeader("content-type", "text/html");
    answer.end("<!doctype html><title>Bare</title><input id=input><script>input.focus(); window.usable_ = performance.now()</script>");
  });
  await new Promise((resolve) => bare.listen(0, "127.0.0.1", resolve));
  const usable = { ours: [], bare: [] };
  const there = [];
  for (let round = 0; round < 7; round += 1) {
    for (const [whose, url] of [["bare", `http://127.0.0.1:${bare.address().port}/`], ["ours", base]]) {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.addInitScript(() => {
        document.addEventListener("focusin", (event) => {
          if (event.target instanceof HTMLInputElement) window.usable_ ??= performance.now();
        });
      });
      // A new window brings pages of the browser's own with it, which are not to be measured.
      await page.waitForTimeout(1_500);
      await page.goto(url);
      await page.waitForFunction(() => window.usable_ !== undefined);
      usable[whose].push(await page.evaluate(() => window.usable_));
      if (whose === "ours") {
        // What is typed at once has to be what the app has in the end.
        await page.keyboard.type("Noya");
        await page.waitForFunction(() => performance.getEntriesByName("app is there").length > 0);
        there.push(await page.evaluate(() => performance.getEntriesByName("app is there")[0].startTime));
        if ((await box(page, "Your name").inputValue()) !== "Noya") throw new Error("what was typed at once is not kept");
        await page.getByRole("button", { name: "Join" }).click();
        // The app has the name, and misses the number.
        await page.getByRole("alert").filter({ hasText: "number" }).waitFor();
      }
      await context.close();
    }
  }
  bare.close();
  show("navigation to a focused input, median of 7, ms", median(usable.ours));
  show("navigation to the app's being there, median of 7, ms", median(there));
  show("navigation to a focused input on a page with nothing else, median of 7, ms", median(usable.bare));

  // 3. 5,000 messages in 5 s into the open group.
  const page = await visit("/");
  await page.getByRole("tab", { name: "Create a group" }).click();
  await box(page, "Your name").fill("Noya");
  await box(page, "Password").fill("1234");
  await page.keyboard.press("Enter");
  await page.getByRole("log").waitFor();
  const group = new URL(page.url()).pathname.split("/")[2];
  const bar = await talker("Bar", group, "1234");
  await page.waitForTimeout(1_000);
  await watchFrames(page);
  for (const [name, count, seconds] of [["1,000 at once", 1_000, 0], ["5,000 in 5 s", 5_000, 5]]) {
    await resetFrames(page);
    await computed(page, name, async () => {
      const started = performance.now();
      for (let at = 1; at <= count; ) {
        const due = seconds === 0 ? count : Math.min(count, Math.ceil(((performance.now() - started) / (seconds * 1_000)) * count));
        for (; at <= due; at += 1) await bar.say(`${name}: message ${at} of a burst, said in a few words`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await page.getByText(`${name}: message ${count} of`).waitFor();
      show(`${name}: all shown after, ms`, performance.now() - started);
    });
    await showFrames(name, page);
    await showWeight(name, page);
  }

  // 4. A group of many messages.
  const many = Number(values.messages);
  // The page is elsewhere meanwhile, and has nothing of them when it comes back.
  await page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes("page:")).forEach((key) => localStorage.removeItem(key)));
  await page.goto("about:blank");
  const watcher = await talker("Watcher", group, "1234");
  const filled = watcher.hears("the last of many");
  for (let at = 6_001; at <= many; at += 1) await bar.say(at % 11 === 0 ? `message ${at}, ${"somewhat longer than the others ".repeat(6)}` : `message ${at}`);
  await bar.say("the last of many");
  await filled;
  watcher.close();
  const opened = [];
  for (let round = 0; round < 5; round += 1) {
    const before = performance.now();
    await page.goto(`${base}/g/${group}`);
    await page.getByText("the last of many").waitFor();
    opened.push(performance.now() - before);
  }
  show(`${many} messages: from navigation to the newest, median of 5, ms`, median(opened));
  await showWeight(`${many} messages, opened`, page);
  await watchFrames(page);
  await page.mouse.move(600, 400);
  await computed(page, "200 turns of a wheel", async () => {
    for (let at = 0; at < 200; at += 1) {
      await page.mouse.wheel(0, -300);
      await page.waitForTimeout(16);
    }
  });
  await showFrames("200 turns of a wheel", page);
  await resetFrames(page);
  const from = performance.now();
  await computed(page, "from the end to the start", () => page.getByRole("log").evaluate(async (log) => {
    // As a person drags the bar: from the end to the start in five seconds.
    const total = log.scrollTop;
    const begun = performance.now();
    while (log.scrollTop > 0) {
      const share = Math.min(1, (performance.now() - begun) / 5_000);
      log.scrollTop = Math.max(0, total * (1 - share));
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
  }));
  await page.getByText("This is where group").waitFor();
  show("from the end to the start: ms, of which 5,000 are the drag", performance.now() - from);
  await showFrames("from the end to the start", page);
  await showWeight("at the start", page);
  bar.close();
} finally {
  await browser.close();
  server.kill("SIGTERM");
  await new Promise((resolve) => server.once("exit", resolve));
  rmSync(folder, { recursive: true, force: true });
}
if (values.json) console.log(JSON.stringify(figures, null, 2));
