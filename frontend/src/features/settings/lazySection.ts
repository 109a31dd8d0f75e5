/** A section of a page of sections: a script of its own; what takes longer than a moment to come says so. */

import { type AsyncComponentLoader, type Component, defineAsyncComponent } from "vue";

import SectionLoading from "@/features/settings/SectionLoading.vue";

export function lazySection(loader: AsyncComponentLoader): Component {
  return defineAsyncComponent({ loader, loadingComponent: SectionLoading, delay: 300 });
}
