// A name inside a sentence of another direction.
//
// Pure. First-strong isolates keep a Hebrew name from turning an English sentence around it, and
// the other way round, where an element cannot stand.

export const isolate = (text: string): string => `\u2068${text}\u2069`;

export interface Stretch {
  readonly text: string;
  readonly isIsolated: boolean;
}

/** A sentence cut at its isolates, which a page shows as elements. */
export function isolated(sentence: string): Stretch[] {
  const found: Stretch[] = [];
  let from = 0;
  for (const match of sentence.matchAll(/\u2068([^\u2068\u2069]*)\u2069/gu)) {
    if (match.index > from) found.push({ text: sentence.slice(from, match.index), isIsolated: false });
    found.push({ text: match[1] ?? "", isIsolated: true });
    from = match.index + match[0].length;
  }
  if (from < sentence.length) found.push({ text: sentence.slice(from), isIsolated: false });
  return found;
}
