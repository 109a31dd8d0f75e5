// Signing in, and what the one-time links of the server open: the first administrator, a new password.
const WORDS = {
  en: {
    "name": "Name", "password": "Password",
    "login-title": "Sign in", "login-why": "", "login-send": "Sign in",
    "setup-title": "Make the first administrator", "setup-why": "This link works once. Choose a name and a password of at least 10 characters.", "setup-send": "Make the account",
    "reset-title": "Choose a new password", "reset-why": "This link works once. At least 10 characters.", "reset-send": "Keep it",
    "offline": "The server does not answer.",
  },
  "zh-CN": {
    "name": "用户名", "password": "密码",
    "login-title": "登录", "login-why": "", "login-send": "登录",
    "setup-title": "创建首位管理员", "setup-why": "此链接仅可使用一次。请设置用户名和至少 10 个字符的密码。", "setup-send": "创建账户",
    "reset-title": "设置新密码", "reset-why": "此链接仅可使用一次。密码至少 10 个字符。", "reset-send": "保存",
    "offline": "服务器没有响应。",
  },
};

const chosen = localStorage.getItem("language") ?? navigator.languages.find((tag) => /^(zh|en)/i.test(tag)) ?? "en";
const language = chosen.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
const tell = (key) => WORDS[language][key];

const query = new URLSearchParams(location.search);
const purpose = ["setup", "reset"].find((name) => query.has(name)) ?? "login";
const form = document.getElementById("form");
const failure = document.getElementById("failure");

document.documentElement.lang = language;
for (const element of document.querySelectorAll("[data-says]")) element.textContent = tell(element.dataset.says);
for (const part of ["title", "why", "send"]) document.getElementById(part).textContent = tell(`${purpose}-${part}`);
if (purpose !== "login") form.password.autocomplete = "new-password";
if (purpose === "reset") {
  form.username.required = false;
  form.username.closest("label").hidden = true;
}
document.documentElement.dataset.ready = "";

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  failure.hidden = true;
  const body = { password: form.password.value };
  if (purpose !== "reset") body.username = form.username.value;
  if (purpose === "login") body.remember_me = true;
  else body.token = query.get(purpose);
  try {
    const answer = await fetch(purpose === "login" ? "/api/login" : "/api/v1/auth/setup", {
      method: "POST",
      headers: { "Content-Type": "application/json", "Accept-Language": language },
      body: JSON.stringify(body),
    });
    if (answer.ok) return location.replace("/");
    const told = await answer.json();
    failure.textContent = [told.error ?? told.detail, told.hint].filter(Boolean).join(" ");
  } catch {
    failure.textContent = tell("offline");
  }
  failure.hidden = false;
});
