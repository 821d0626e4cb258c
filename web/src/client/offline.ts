// Registers the service worker, once the page has nothing more urgent to do.
//
// Knows nothing of what the worker keeps. Where a browser or the address allows none (a page
// without TLS that is not on this machine), the app works without.

/** Where Trusted Types are required, an address of a script needs a policy of ours. */
interface Policy {
  readonly createScriptURL: (url: string) => string;
}
declare global {
  interface Window {
    readonly trustedTypes?: { readonly createPolicy: (name: string, rules: Policy) => Policy };
  }
}

const WORKER = "/sw.js";

export async function keepOffline(): Promise<void> {
  if (!("serviceWorker" in navigator) || import.meta.env.DEV) return;
  try {
    const policy = window.trustedTypes?.createPolicy("conclave", {
      createScriptURL: (url) => (url === WORKER ? url : ""),
    });
    await navigator.serviceWorker.register(policy?.createScriptURL(WORKER) ?? WORKER);
    const { active } = await navigator.serviceWorker.ready;
    const loaded = performance.getEntriesByType("resource").map((entry) => new URL(entry.name).pathname);
    active?.postMessage({ assets: loaded.filter((path) => path.startsWith("/assets/")) });
  } catch {
    // Nothing is kept, and nothing else is lost.
  }
}
