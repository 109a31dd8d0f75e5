import { globSync, readFileSync } from "node:fs";

import { defineConfig, mergeConfig } from "vitest/config";

import site from "./vite.config.ts";

const ALL = "src/**/*.test.ts";
/** Their modules are not what others have loaded. */
const mocking = globSync(ALL, { cwd: import.meta.dirname }).filter((path) =>
  readFileSync(`${import.meta.dirname}/${path}`, "utf8").includes("vi.mock("),
);

/** Files share a window (making one costs more than all the tests); what one puts in another's place is put back. */
const tests = defineConfig({
  test: {
    environment: "happy-dom",
    setupFiles: ["build/noNetwork.ts"],
    pool: "threads",
    unstubGlobals: true,
    restoreMocks: true,
    projects: [
      { extends: true, test: { name: "shared", include: [ALL], exclude: mocking, isolate: false } },
      { extends: true, test: { name: "apart", include: mocking, isolate: true } },
    ],
  },
});

export default mergeConfig(site, tests);
