// The browser's own store, as values under keys.
//
// Does not know what they mean. A browser that keeps nothing (private mode, full disk) costs the
// comfort and no more.

export const PREFIX = "conclave:";

export function get(key: string): unknown {
  try {
    const text = localStorage.getItem(PREFIX + key);
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

export function put(key: string, value: unknown): void {
  try {
    if (value === null) localStorage.removeItem(PREFIX + key);
    else localStorage.setItem(PREFIX + key, JSON.stringify(value));
  } catch {
    // A full or closed store: the page works on without it.
  }
}

export function keys(prefix: string): string[] {
  try {
    const all = Array.from({ length: localStorage.length }, (_, at) => localStorage.key(at) ?? "");
    return all.filter((key) => key.startsWith(PREFIX + prefix)).map((key) => key.slice(PREFIX.length));
  } catch {
    return [];
  }
}
