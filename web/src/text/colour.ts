// A name's colour: a hue by a stable hash, at a lightness that the stylesheet fixes.
//
// Pure. Lightness and chroma stand in tokens.css for each theme, so that contrast holds for every
// hue; a test reads them there and checks.

/** The hue of a name, in degrees; names that differ only in case have the same. */
export function hueOf(name: string): number {
  // FNV-1a, 32 bits: the same in every browser and on every day. The seed is one with which the
  // names of our examples, English and Hebrew, are well apart.
  let hash = 5_396;
  for (const letter of name.normalize("NFC").toLowerCase()) {
    hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  }
  // The last letter moves FNV's lowest bits only; mixed, `Lior1` and `Lior2` look different.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash ^= hash >>> 16;
  // Neighbouring hues of one group are easier told apart in steps.
  return (((hash >>> 0) % 36) * 10 + 5) % 360;
}
