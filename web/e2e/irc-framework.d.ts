// The few words of irc-framework that the tests use; it brings no types.
declare module "irc-framework" {
  import type { EventEmitter } from "node:events";
  export class Client extends EventEmitter {
    connect(options: Record<string, string | number | boolean>): void;
    join(channel: string, key?: string): void;
    say(target: string, text: string): void;
    quit(why?: string): void;
  }
}
