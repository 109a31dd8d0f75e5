/** Tells the service worker which hashed files are this version's, so that it drops all others when it takes over. */

import type { Plugin } from "vite";

const PLACE = "__VTONLAB_ASSETS__";

export function tellWorker(): Plugin {
  return {
    name: "tell-worker",
    apply: "build",
    generateBundle(_options, bundle) {
      const assets = Object.keys(bundle).filter((name) => name.startsWith("assets/"));
      const worker = bundle["sw.js"];
      if (worker?.type !== "chunk" || !worker.code.includes(PLACE)) this.error("the service worker has no place for names");
      if (worker.imports.length > 0) this.error("the service worker shares scripts with the page, and cannot start");
      const names = assets.map((name) => `/${name}`).sort();
      worker.code = worker.code.replace(PLACE, names.join("\\n"));
    },
  };
}
