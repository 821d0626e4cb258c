// The program under test: started on free ports, killed, and started again on the same ones.
//
// Knows nothing of browsers. `CONCLAVE_PROGRAM` names another binary than the debug build.

import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

const BINARY = process.env["CONCLAVE_PROGRAM"] ?? fileURLToPath(new URL("../../target/debug/conclave", import.meta.url));

export class Program {
  /** Where the browser goes. */
  web = "";
  /** Where terminals go: host and port. */
  console = { host: "127.0.0.1", port: 0 };
  #child: ChildProcess | null = null;
  readonly #folder = mkdtempSync(join(tmpdir(), "conclave-web-"));
  readonly #options: readonly string[];

  private constructor(options: readonly string[]) {
    this.#options = options;
  }

  static async start(...options: string[]): Promise<Program> {
    const program = new Program(options);
    await program.#run("127.0.0.1:0", "127.0.0.1:0");
    return program;
  }

  async #run(listen: string, web: string): Promise<void> {
    const words = ["serve", "--listen", listen, "--web", web, "--data", this.#folder, "--log", "warn", ...this.#options];
    const child = spawn(BINARY, words, { stdio: ["ignore", "pipe", "inherit"] });
    this.#child = child;
    const found = await new Promise<string[]>((resolve, reject) => {
      let told = "";
      child.on("error", reject);
      child.on("exit", (code) => reject(new Error(`the program ended with ${code} before it listened`)));
      child.stdout.on("data", (chunk: Buffer) => {
        told += chunk.toString();
        const addresses = [...told.matchAll(/^listening on (\S+) \(/gm)].map((match) => match[1] ?? "");
        if (addresses.length === 2) resolve(addresses);
      });
    });
    child.removeAllListeners("exit");
    const [terminal = "", page = ""] = found;
    this.console = { host: "127.0.0.1", port: Number(terminal.split(":").at(-1)) };
    this.web = `http://${page}`;
  }

  get webPort(): number {
    return Number(new URL(this.web).port);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }

  /** What a power cut does to a program. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** Starts it again where it was. */
  again(): Promise<void> {
    return this.#run(`127.0.0.1:${this.console.port}`, `127.0.0.1:${this.webPort}`);
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
