/** Keeps what can be scrolled reachable by keyboard. */

import { onScopeDispose, type Ref, ref, watch } from "vue";

/** The `tabindex` for `element`: 0 while its content is longer than itself, so that arrow keys can scroll it. */
export function useScrollable(element: Readonly<Ref<HTMLElement | null>>): Ref<0 | undefined> {
  const tabindex = ref<0 | undefined>();
  const observer = new ResizeObserver(() => {
    const box = element.value;
    tabindex.value = box !== null && box.scrollHeight > box.clientHeight + 1 ? 0 : undefined;
  });
  watch(element, (now) => {
    observer.disconnect();
    if (now === null) return;
    observer.observe(now);
    for (const child of now.children) observer.observe(child);
  });
  onScopeDispose(() => observer.disconnect());
  return tabindex;
}
