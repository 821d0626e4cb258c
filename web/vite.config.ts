// How the app is built: hashed files in `dist/assets`, one stylesheet, a script for what is there
// first, one for the app, and few lazy ones.
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { build, defineConfig, type Plugin } from "vite";

/** Where the start page goes that is made here (`src/prerender.ts`). */
const PLACE = "<!--start-->";

/** Makes the start page in each language, on each of its tabs, by running the app as a server would. */
async function startPages(): Promise<string> {
  // Below `node_modules`, so that what the app imports is found.
  const folder = await mkdtemp(fileURLToPath(new URL("node_modules/.prerender-", import.meta.url)));
  try {
    await build({
      configFile: false,
      logLevel: "warn",
      plugins: [svelte()],
      build: { ssr: "src/prerender.ts", outDir: folder, rolldownOptions: { output: { entryFileNames: "prerender.js" } } },
    });
    const made = (await import(pathToFileURL(join(folder, "prerender.js")).href)) as typeof import("./src/prerender");
    const pages: string[] = [];
    for (const language of ["en", "he"] as const) {
      for (const tab of ["join", "create"] as const) {
        pages.push(`<template id="start-${language}-${tab}">${await made.startPage(language, tab)}</template>`);
      }
    }
    return pages.join("\n    ");
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Puts the start page into the page, and has the app on its way while that is shown. */
function startFirst(): Plugin {
  return {
    name: "start-first",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      async handler(html, { chunk, bundle = {} }) {
        const chunks = Object.values(bundle).filter((one) => one.type === "chunk");
        const first = chunks.filter((one) => one === chunk || chunk?.imports.includes(one.fileName));
        const app = chunks.filter((one) => first.some(({ dynamicImports }) => dynamicImports.includes(one.fileName)));
        const needed = new Set(app.flatMap((one) => [one.fileName, ...one.imports]));
        for (const { fileName } of first) needed.delete(fileName);
        return {
          html: html.replace(PLACE, await startPages()),
          tags: [...needed].map((file) => ({ tag: "link", attrs: { rel: "modulepreload", href: `/${file}` }, injectTo: "head" as const })),
        };
      },
    },
  };
}

export default defineConfig({
  plugins: [svelte(), startFirst()],
  build: {
    target: "es2022",
    cssCodeSplit: false,
    // A style or an icon inside a `data:` address would need a weaker content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // What is there first in one file, and what comes next in another: the larger a file is, the
            // better it is compressed.
            { name: "first", test: /src\/(main|client\/(address|dress|early)|store\/(choices|local)|ui\/tab-keys|words\/language)\.ts|preload-helper/ },
            { name: "kit", test: /node_modules\/(svelte|esm-env|clsx)\/|src\/(api|client|features\/(?!dialogs)|link|state|store|text|ui\/(?!Dialog|Copy|tab-keys)|views|words\/(en|words))/ },
          ],
        },
      },
    },
  },
  server: { proxy: { "/api": { target: process.env["CONCLAVE_WEB"] ?? "http://127.0.0.1:8080", ws: true } } },
});
