// A QR code as the path of a drawing. The encoder is loaded when the first code is wanted.

/** Clear squares around the code; cameras want four. */
const QUIET = 4;

export async function qrPath(text: string): Promise<{ path: string; size: number }> {
  const { default: encode } = await import("qr");
  const squares = encode(text, "raw", { ecc: "medium", border: QUIET });
  let path = "";
  squares.forEach((row, y) => {
    row.forEach((isDark, x) => {
      if (isDark) path += `M${x} ${y}h1v1h-1z`;
    });
  });
  return { path, size: squares.length };
}
