// How long a text is for the server, which counts bytes.

/** Longest message, in bytes of UTF-8. */
export const TEXT_BYTES_MAX = 4_096;
/** Longest message, in lines. */
export const TEXT_LINES_MAX = 100;

const encoder = new TextEncoder();
export const byteCount = (text: string): number => encoder.encode(text).length;
export const lineCount = (text: string): number => text.split("\n").length;
