// How the app is built: hashed files in `dist/assets`, one stylesheet, one script and few lazy ones.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: "es2022",
    cssCodeSplit: false,
    // A style or an icon inside a `data:` address would need a weaker content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": { target: process.env["CONCLAVE_WEB"] ?? "http://127.0.0.1:8080", ws: true } } },
});
