// Times as people of a language read them.
//
// Pure: what is now is given. A formatter is made once a language, since making one is slow.

export interface Clock {
  readonly time: (at: number) => string;
  readonly full: (at: number) => string;
  /** `Today`, `Yesterday`, or the date. */
  readonly day: (at: number, now: number) => string;
}

/** Which day something was on, in local time, as a number that rises. */
export function dayOf(at: number): number {
  const date = new Date(at);
  return date.getFullYear() * 10_000 + date.getMonth() * 100 + date.getDate();
}

/** What is made when it is first asked for: the start page tells no time, and is there sooner. */
export function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

export function clockOf(language: string): Clock {
  const format = (options: Intl.DateTimeFormatOptions) => once(() => new Intl.DateTimeFormat(language, options));
  const time = format({ hour: "2-digit", minute: "2-digit" });
  const full = format({ dateStyle: "full", timeStyle: "medium" });
  const long = format({ weekday: "long", day: "numeric", month: "long" });
  const year = format({ dateStyle: "full" });
  const relative = once(() => new Intl.RelativeTimeFormat(language, { numeric: "auto" }));
  const capital = (text: string): string => text.charAt(0).toLocaleUpperCase(language) + text.slice(1);
  return {
    time: (at) => time().format(at),
    full: (at) => full().format(at),
    day: (at, now) => {
      const yesterday = new Date(now);
      yesterday.setDate(yesterday.getDate() - 1);
      if (dayOf(at) === dayOf(now)) return capital(relative().format(0, "day"));
      if (dayOf(at) === dayOf(yesterday.getTime())) return capital(relative().format(-1, "day"));
      const isThisYear = new Date(at).getFullYear() === new Date(now).getFullYear();
      return (isThisYear ? long() : year()).format(at);
    },
  };
}
