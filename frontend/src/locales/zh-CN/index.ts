/** All words of this language; a feature's are in the file of its name. */

const files = import.meta.glob<Record<string, string>>("./*.json", { eager: true, import: "default" });

export default Object.fromEntries(
  Object.entries(files).map(([path, words]) => [path.slice("./".length, -".json".length), words]),
);
