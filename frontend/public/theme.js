// Before the first paint, so that nothing flashes: the theme that was chosen (src/stores/preferences.ts).
try {
  const chosen = JSON.parse(localStorage.getItem("vtonlab.preferences") ?? "{}").theme;
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // A browser that keeps nothing follows the system.
}
