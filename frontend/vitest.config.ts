import { defineConfig, mergeConfig } from "vitest/config";

import site from "./vite.config.ts";

/** Files share a window (making one costs more than all the tests); what one puts in another's place is put back. */
const shared = defineConfig({
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.ts"],
    pool: "threads",
    isolate: false,
    unstubGlobals: true,
    restoreMocks: true,
  },
});

export default mergeConfig(site, shared);
