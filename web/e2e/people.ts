// People in browsers: what they do and what they see, found by role and name.

import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from "playwright-core";
import { expect } from "vitest";

const CHROMIUM = process.env["CONCLAVE_CHROMIUM"] ?? "/usr/bin/chromium";

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });

/** Complaints of a browser about something that it was only told not to reach. */
const EXPECTED = /Failed to load resource|WebSocket connection to|net::ERR_|unknown error occurred when fetching the script/;

export class Person {
  /** What the browser complained about. */
  readonly complaints: string[] = [];

  private constructor(readonly page: Page) {
    page.on("pageerror", (error) => this.complaints.push(String(error.stack ?? error)));
    page.on("console", (message) => {
      if (message.type() === "error" && !EXPECTED.test(message.text())) this.complaints.push(message.text());
    });
    page.on("dialog", (dialog) => {
      this.complaints.push(`a dialog opened: ${dialog.message()}`);
      void dialog.dismiss();
    });
  }

  static async at(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Person> {
    const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 800 }, ...options });
    const person = new Person(await context.newPage());
    person.page.setDefaultTimeout(15_000);
    await person.page.goto(url);
    return person;
  }

  box(name: string): Locator {
    return this.page.getByRole("textbox", { name, exact: true });
  }
  button(name: string): Locator {
    return this.page.getByRole("button", { name, exact: true });
  }
  get log(): Locator {
    return this.page.getByRole("log", { name: "Messages" });
  }
  get messages(): Locator {
    return this.page.locator("[data-seq]");
  }
  message(text: string): Locator {
    return this.messages.filter({ hasText: text });
  }
  get status(): Locator {
    return this.page.getByRole("status");
  }
  get members(): Locator {
    return this.page.getByRole("list", { name: "Members" });
  }

  async create(name: string, password: string): Promise<string> {
    await this.page.getByRole("tab", { name: "Create a group" }).click();
    await this.box("Your name").fill(name);
    await this.box("Password").fill(password);
    await this.button("Create").click();
    return this.number();
  }

  async join(name: string, group: string, password: string): Promise<void> {
    await this.box("Your name").fill(name);
    await this.box("Group ID").fill(group);
    await this.box("Password").fill(password);
    await this.button("Join").click();
    await this.log.waitFor();
  }

  /** The group's number, from the heading. */
  async number(): Promise<string> {
    await this.log.waitFor();
    const heading = await this.page.getByRole("heading", { level: 1 }).textContent();
    return /\d{4,}/.exec(heading ?? "")?.[0] ?? "";
  }

  async say(text: string): Promise<void> {
    await this.box("Message").fill(text);
    await this.page.keyboard.press("Enter");
  }

  async sees(text: string): Promise<void> {
    await this.message(text).first().waitFor();
  }

  async hears(words: RegExp): Promise<void> {
    // Polls until the sentence about the link is this one; it changes by itself.
    await expect.poll(() => this.status.textContent(), { timeout: 30_000, interval: 30 }).toMatch(words);
  }

  /** Every message from the first on, as numbers and texts in the order of the page. */
  async readAll(): Promise<[number, string][]> {
    const found = new Map<number, string>();
    const take = async (): Promise<void> => {
      const drawn = await this.messages.evaluateAll((elements) =>
        elements.map((element): [number, string] => [
          Number((element as HTMLElement).dataset["seq"]),
          [...element.querySelectorAll(".text")].map((text) => text.textContent).join("\n"),
        ]),
      );
      const numbers = drawn.map(([seq]) => seq);
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
      expect(new Set(numbers).size).toBe(numbers.length);
      for (const [seq, text] of drawn) found.set(seq, text);
    };
    await take();
    for (let tries = 0; tries < 400; tries += 1) {
      const isTop = await this.log.evaluate((log) => {
        log.scrollTop -= log.clientHeight / 2;
        return new Promise<boolean>((resolve) => {
          requestAnimationFrame(() => requestAnimationFrame(() => resolve(log.scrollTop <= 0)));
        });
      });
      await take();
      if (isTop) break;
    }
    return [...found].sort(([a], [b]) => a - b);
  }

  async leaveBrowser(): Promise<void> {
    await this.page.context().close();
  }
}
