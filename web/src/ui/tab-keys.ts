// The keys that go between two tabs, as the pattern for tabs of the ARIA practices guide has them.

export const isTabKey = (key: string): boolean => ["ArrowLeft", "ArrowRight", "Home", "End"].includes(key);
