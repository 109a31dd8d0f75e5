// Goes on by itself as soon as the server answers again; the reader's own language comes first.
const SECONDS = 3;

function sortLanguages() {
  let chosen = navigator.language;
  try {
    chosen = JSON.parse(localStorage.getItem("vtonlab.preferences") ?? "{}").language ?? chosen;
  } catch {
    // A browser that keeps nothing: the system's language.
  }
  if (!chosen.toLowerCase().startsWith("zh")) return;
  document.documentElement.lang = "zh-CN";
  const [english, chinese] = document.querySelectorAll("section");
  english.before(chinese);
}

async function lookAgain() {
  try {
    const answer = await fetch("/health", { cache: "no-store" });
    if (answer.ok) return location.reload();
  } catch {
    // Still out of reach.
  }
  setTimeout(lookAgain, SECONDS * 1000);
}

sortLanguages();
addEventListener("online", lookAgain);
setTimeout(lookAgain, SECONDS * 1000);
