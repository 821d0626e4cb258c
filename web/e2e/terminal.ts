// Somebody at a terminal, with netcat.

import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { expect } from "vitest";

export class Terminal {
  heard = "";
  readonly #nc: ChildProcessWithoutNullStreams;

  private constructor(host: string, port: number) {
    this.#nc = spawn("nc", [host, String(port)]);
    this.#nc.stdout.on("data", (chunk: Buffer) => (this.heard += chunk.toString()));
    this.#nc.on("error", (error) => (this.heard += String(error)));
  }

  /** Joins a group by the menu. */
  static async join(at: { host: string; port: number }, name: string, group: string, password: string): Promise<Terminal> {
    const terminal = new Terminal(at.host, at.port);
    await terminal.hears("3. Exit the server.");
    terminal.types("1");
    await terminal.hears("Enter your name:");
    terminal.types(name);
    await terminal.hears("Enter group ID:");
    terminal.types(group);
    await terminal.hears("Enter password:");
    terminal.types(password);
    await terminal.hears(`You're connected to group chat #${group}`);
    return terminal;
  }

  types(line: string): void {
    this.#nc.stdin.write(`${line}\n`);
  }

  async hears(text: string): Promise<void> {
    // Polls until the server's answer is there; netcat tells of it in pieces.
    await expect.poll(() => this.heard, { timeout: 15_000, interval: 20 }).toContain(text);
  }

  lines(): string[] {
    return this.heard.split("\n");
  }

  close(): void {
    this.#nc.kill();
  }
}
