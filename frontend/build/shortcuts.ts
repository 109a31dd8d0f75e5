/** Writes docs/reference/shortcuts.md from the registry of keys and the words that the pages show (`make docs`). */

import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { keyCaps, SCOPES, SHORTCUTS } from "../src/composables/shortcutList.ts";

const PAGE = fileURLToPath(new URL("../../docs/reference/shortcuts.md", import.meta.url));

type Words = Record<string, string> & { scope: Record<string, string> };

async function wordsOf(language: string): Promise<Words> {
  const path = new URL(`../src/locales/${language}/shortcuts.json`, import.meta.url);
  return JSON.parse(await readFile(path, "utf8")) as Words;
}

function keys(combinations: readonly string[]): string {
  return combinations.map((one) => keyCaps(one, false).map((cap) => `<kbd>${cap}</kbd>`).join("+")).join(" or ");
}

async function describe(): Promise<string> {
  const [english, chinese] = [await wordsOf("en"), await wordsOf("zh-CN")];
  const lines = [
    "# Keyboard shortcuts",
    "",
    "<!-- Written by `make docs` from frontend/src/composables/shortcutList.ts; edit that instead. -->",
    "",
    "The pages show this list under <kbd>?</kbd>. On a Mac, <kbd>⌘</kbd> does what <kbd>Ctrl</kbd> does here. While words are",
    "typed, or composed with an input method, keys are letters and nothing else; only <kbd>Ctrl</kbd>+<kbd>Enter</kbd> and",
    "<kbd>F8</kbd> work there, too. Where a dialog is open, only its own keys work.",
  ];
  for (const scope of SCOPES) {
    lines.push("", `## ${english.scope[scope] ?? scope}`, "", "| keys | | |", "|---|---|---|");
    for (const shortcut of SHORTCUTS.filter((one) => one.scope === scope)) {
      lines.push(`| ${keys(shortcut.keys)} | ${english[shortcut.id] ?? ""} | ${chinese[shortcut.id] ?? ""} |`);
    }
  }
  return `${lines.join("\n")}\n`;
}

const page = await describe();
if (process.argv.includes("--check")) {
  const isInStep = (await readFile(PAGE, "utf8").catch(() => "")) === page;
  process.exitCode = isInStep ? 0 : 1;
} else {
  await writeFile(PAGE, page);
}
