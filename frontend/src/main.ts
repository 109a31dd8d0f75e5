/** The start: words first, then the page; who we are is asked meanwhile. */

import "@/styles.css";

import { createPinia } from "pinia";
import { createApp } from "vue";

import App from "@/App.vue";
import { i18n } from "@/i18n";
import { router } from "@/router";
import { usePreferences } from "@/stores/preferences";
import { watchInstall } from "@/worker/install";
import { registerWorker } from "@/worker/register";

watchInstall();
const app = createApp(App);
app.use(createPinia());
fetchFirstPage();
await usePreferences().speakChosen();
app.use(i18n);
app.use(router);
app.mount("#app");
registerWorker();

/** The script of the page that is opened comes while the words do. */
function fetchFirstPage(): void {
  const page = router.resolve(location.pathname).matched[0]?.components?.["default"];
  // What goes wrong is met again, and told, when the router asks for the same.
  if (typeof page === "function") (page as () => Promise<unknown>)().catch(() => undefined);
}
