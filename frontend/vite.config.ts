import { fileURLToPath, URL } from "node:url";

import tailwindcss from "@tailwindcss/vite";
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

import { compress } from "./build/compress.ts";
import { tellWorker } from "./build/worker.ts";

/** Where `make dev` finds the Python side. */
const SERVER = process.env["VTONLAB_DEV_SERVER"] ?? "http://127.0.0.1:8080";
const proxied = { target: SERVER, changeOrigin: true, headers: { Origin: SERVER } };

export default defineConfig({
  plugins: [vue(), tailwindcss(), tellWorker(), compress()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  define: { __VUE_OPTIONS_API__: false, __VUE_I18N_LEGACY_API__: false, __INTLIFY_PROD_DEVTOOLS__: false },
  build: {
    outDir: fileURLToPath(new URL("../src/vtonlab/web/built", import.meta.url)),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // the page's own rules forbid data: scripts and styles
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      input: { index: "index.html", sw: "src/sw.ts" },
      // The service worker's address must stay the same from version to version.
      output: {
        entryFileNames: ({ name }) => (name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
        // A few larger scripts arrive sooner than many small ones, and compress better.
        codeSplitting: {
          groups: [
            { name: "vendor", test: /node_modules/, minShareCount: 2, priority: 2 },
            { name: "kit", test: /\/src\//, minShareCount: 3, priority: 1 },
          ],
        },
      },
    },
  },
  server: {
    host: "127.0.0.1",
    port: 5173,
    proxy: { "/api": { ...proxied, ws: true }, "/state": proxied, "/sample": proxied },
  },
});
