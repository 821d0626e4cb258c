// A name inside a sentence of another direction.
//
// Pure. First-strong isolates keep a Hebrew name from turning an English sentence around it, and
// the other way round, where an element cannot stand.

export const isolate = (text: string): string => `\u2068${text}\u2069`;
