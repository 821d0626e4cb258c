// A group's number as one says it over the phone: in twos and threes.
//
// Pure. The digits themselves stay one word; only how they stand apart is told here.

/** The digits in groups of two or three, as they are best said. */
export function spoken(number: string): string[] {
  const size = number.length % 3 === 0 && number.length > 3 ? 3 : 2;
  const found: string[] = [];
  let from = 0;
  // An odd number of digits begins with three.
  if (size === 2 && number.length % 2 === 1 && number.length >= 3) {
    found.push(number.slice(0, 3));
    from = 3;
  }
  for (; from < number.length; from += size) found.push(number.slice(from, from + size));
  return found;
}
