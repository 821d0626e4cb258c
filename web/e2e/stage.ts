// The stage of a file of tests: one program and one browser for all of it, people for each test.
//
// Knows no page. Whatever a browser complained about fails the test in which it did.

import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { openBrowser, Person } from "./people";
import { Program } from "./program";

/** How browsers come to the program, where that is not at once. */
export interface Way {
  readonly web: string;
  close(): void;
}

export class Stage {
  program!: Program;
  #browser!: Browser;
  #way: Way | null = null;
  #people: Person[] = [];

  /** To be called once a file, outside its tests. */
  constructor(lay?: (program: Program) => Promise<Way>) {
    beforeAll(async () => {
      this.program = await Program.start("--message-rate", "none");
      this.#way = (await lay?.(this.program)) ?? null;
      this.#browser = await openBrowser();
    });
    afterEach(async () => {
      for (const one of this.#people.splice(0)) {
        expect(one.complaints).toEqual([]);
        await one.leaveBrowser();
      }
    });
    afterAll(async () => {
      await this.#browser.close();
      this.#way?.close();
      await this.program.stop();
    });
  }

  get web(): string {
    return this.#way?.web ?? this.program.web;
  }

  /** Somebody who opens that page in a browser of their own. */
  async person(path = "/", options: BrowserContextOptions = {}): Promise<Person> {
    const one = await Person.at(this.#browser, this.web + path, options);
    this.#people.push(one);
    return one;
  }
}
