// The page's address: the group that is open, so that a reload, a bookmark and the back button do
// what one expects.
//
// Does not know what is shown of it.

/** A group, a member of it to talk to, and an invitation, as the address has them. */
export function readAddress(): { group: string | null; with: string; invite: string } {
  const match = /^\/g\/(\d{1,18})(?:\/([^/]+))?\/?$/.exec(location.pathname);
  // A token is letters that an address carries as they are; anything else is none.
  const [token] = /^[\w.~-]{1,512}$/.exec(location.hash.slice(1)) ?? [""];
  return { group: match?.[1] ?? null, with: decode(match?.[2] ?? ""), invite: match ? token : "" };
}

/** A part of an address as text; nothing where it is none. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}

/** Puts the open group into the address; the secret of an invitation does not stay there. */
export function writeAddress(group: string | null): void {
  const path = group === null ? "/" : `/g/${group}`;
  const query = location.search;
  if (location.pathname === path && location.hash === "") return;
  if (location.pathname === path) history.replaceState(null, "", path + query);
  else history.pushState(null, "", path + query);
}
