// Whether a text calls somebody by name.
//
// Pure. A name counts where it stands as a word of its own, `@` before it or not, in any case.

const inWord = /[\p{L}\p{N}\p{M}_]/u;

/** The places where `name` stands in `text` as a word, each as [from, to). */
export function findName(text: string, name: string): [number, number][] {
  if (name === "" || text.length < name.length) return [];
  const found: [number, number][] = [];
  // Lower case may change lengths in a few scripts; there the exact spelling has to do.
  const lowered = text.toLocaleLowerCase();
  const sought = name.toLocaleLowerCase();
  const [hay, needle] = lowered.length === text.length && sought.length === name.length ? [lowered, sought] : [text, name];
  for (let from = hay.indexOf(needle); from >= 0; from = hay.indexOf(needle, from + needle.length)) {
    const to = from + needle.length;
    const before = previousLetter(text, from);
    const after = String.fromCodePoint(text.codePointAt(to) ?? 32);
    if (inWord.test(before) || inWord.test(after)) continue;
    found.push([text[from - 1] === "@" ? from - 1 : from, to]);
  }
  return found;
}

function previousLetter(text: string, at: number): string {
  if (at === 0) return " ";
  const unit = text.charCodeAt(at - 1);
  const isLow = unit >= 0xdc00 && unit <= 0xdfff && at > 1;
  return isLow ? text.slice(at - 2, at) : (text[at - 1] ?? " ");
}

export const mentions = (text: string, name: string): boolean => findName(text, name).length > 0;
