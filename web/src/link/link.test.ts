// The link against a world that is a test: its sockets, its clock, its chance.

import { describe, expect, it } from "vitest";
import type { Frame } from "../api/frames";
import { openLink, type Answer, type LinkState, type World } from "./link";
import { retryDelay } from "./retry";

class FakeSocket {
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((message: { data: unknown }) => void) | null = null;
  onerror: (() => void) | null = null;
  sent: Record<string, unknown>[] = [];
  isClosed = false;
  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }
  close(): void {
    this.isClosed = true;
  }
  open(): void {
    this.onopen?.();
  }
  break(): void {
    this.onclose?.();
  }
  says(frame: unknown): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

function staged() {
  const sockets: FakeSocket[] = [];
  let now = 0;
  let timers: { at: number; run: () => void; id: number }[] = [];
  let ids = 0;
  let frames: (() => void)[] = [];
  const world: World = {
    socket: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    now: () => now,
    random: () => 1,
    later: (run, ms) => {
      ids += 1;
      timers.push({ at: now + ms, run, id: ids });
      return ids;
    },
    cancel: (id) => {
      timers = timers.filter((timer) => timer.id !== id);
    },
    nextFrame: (run) => frames.push(run),
  };
  const states: LinkState[] = [];
  const heard: (readonly Frame[])[] = [];
  const link = openLink("ws://test", world, {
    frames: (batch) => heard.push(batch),
    state: (state) => states.push(state),
  });
  return {
    link,
    sockets,
    states,
    heard,
    now: () => now,
    last: () => sockets.at(-1) as FakeSocket,
    draw: () => {
      const due = frames;
      frames = [];
      for (const run of due) run();
    },
    pass: (ms: number) => {
      const until = now + ms;
      for (;;) {
        const [next] = timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at);
        if (!next) break;
        now = next.at;
        timers = timers.filter((timer) => timer.id !== next.id);
        next.run();
      }
      now = until;
    },
  };
}

const event = (seq: number) => ({ event: { seq, at: "2026-11-20T14:03:11.042Z", name: "Noya", kind: "said", text: "Hi" }, group: "8888" });

describe("the link", () => {
  it("tries again at once, then after 1, 2, 4 seconds, and never waits above 30", () => {
    const stage = staged();
    stage.last().open();
    stage.pass(5_000);
    stage.last().break();
    expect(stage.states.at(-1)).toEqual({ kind: "connecting", attempt: 1 });
    const waits: number[] = [];
    for (let attempt = 2; attempt < 10; attempt += 1) {
      stage.last().break();
      const state = stage.states.at(-1);
      if (state?.kind !== "waiting") throw new Error("it should wait");
      expect(state.attempt).toBe(attempt);
      const before = stage.sockets.length;
      waits.push(state.until - stage.now());
      stage.pass(state.until - stage.now());
      expect(stage.sockets.length).toBe(before + 1);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it("jitters a wait by up to a quarter", () => {
    expect(retryDelay(3, 0)).toBe(1_500);
    expect(retryDelay(3, 1)).toBe(2_000);
  });

  it("does not knock without a pause on a server that only closes", () => {
    const stage = staged();
    stage.last().open();
    stage.last().break();
    stage.last().open();
    stage.last().break();
    expect(stage.states.at(-1)?.kind).toBe("waiting");
  });

  it("tries at once when it is woken", () => {
    const stage = staged();
    stage.last().break();
    stage.last().break();
    expect(stage.states.at(-1)?.kind).toBe("waiting");
    const before = stage.sockets.length;
    stage.link.wake();
    expect(stage.sockets.length).toBe(before + 1);
  });

  it("tells every open question that the socket broke", () => {
    const stage = staged();
    const answers: Answer[] = [];
    stage.last().open();
    stage.link.ask({ op: "members", group: "8888" }, (answer) => answers.push(answer));
    stage.last().break();
    expect(answers).toEqual([{ type: "broken" }]);
  });

  it("answers a question once, and in the order of what came", () => {
    const stage = staged();
    const told: string[] = [];
    stage.last().open();
    stage.link.ask({ op: "send", group: "8888", text: "Hi" }, (answer) => told.push(answer.type));
    const ref = stage.last().sent[0]?.["ref"];
    stage.last().says(event(1));
    stage.last().says({ re: ref, ok: { seq: 1 } });
    stage.last().says({ re: ref, ok: { seq: 1 } });
    stage.draw();
    expect(told).toEqual(["ok"]);
    expect(stage.heard[0]).toHaveLength(1);
  });

  it("hands frames over once a picture, and what had come before a break all the same", () => {
    const stage = staged();
    stage.last().open();
    for (let seq = 1; seq <= 10; seq += 1) stage.last().says(event(seq));
    expect(stage.heard).toHaveLength(0);
    stage.draw();
    expect(stage.heard).toHaveLength(1);
    stage.last().says(event(11));
    stage.last().break();
    expect(stage.heard.flat()).toHaveLength(11);
  });

  it("gathers what comes in a rush for twenty pictures a second, and hands a frame over at once after it", () => {
    const stage = staged();
    stage.last().open();
    for (let seq = 1; seq <= 20; seq += 1) stage.last().says(event(seq));
    stage.draw();
    expect(stage.heard.map((batch) => batch.length)).toEqual([20]);
    for (let seq = 21; seq <= 30; seq += 1) stage.last().says(event(seq));
    stage.draw();
    stage.pass(39);
    stage.draw();
    expect(stage.heard).toHaveLength(1);
    stage.pass(1);
    stage.draw();
    expect(stage.heard.map((batch) => batch.length)).toEqual([20, 10]);
    stage.pass(40);
    stage.draw();
    expect(stage.heard).toHaveLength(2);
    stage.last().says(event(31));
    stage.draw();
    expect(stage.heard.map((batch) => batch.length)).toEqual([20, 10, 1]);
  });

  it("notices a link that died silently by asking for a sign of life", () => {
    const stage = staged();
    stage.last().open();
    stage.pass(31_000);
    expect(stage.last().sent.at(-1)?.["op"]).toBe("ping");
    stage.pass(9_000);
    expect(stage.sockets).toHaveLength(2);
    expect(stage.sockets[0]?.isClosed).toBe(true);
  });

  it("keeps a link that answers the question whether it is alive", () => {
    const stage = staged();
    stage.last().open();
    stage.pass(31_000);
    stage.last().says({ re: stage.last().sent.at(-1)?.["ref"], error: { code: "bad-request", message: "" } });
    stage.draw();
    stage.pass(20_000);
    expect(stage.sockets).toHaveLength(1);
  });

  it("is not moved by frames it cannot read", () => {
    const stage = staged();
    stage.last().open();
    for (const bad of ["", "{", "null", "[]", '{"event":5}', '{"event":{"seq":"x"}}', '{"re":7,"ok":{}}', '{"error":{}}']) {
      stage.last().onmessage?.({ data: bad });
    }
    stage.draw();
    expect(stage.states.at(-1)).toEqual({ kind: "open" });
  });
});
