/** Whether the list around a picture lies still: while it is being scrolled, nothing is fetched for what rushes by. */

import type { InjectionKey, Ref } from "vue";

export const CALM: InjectionKey<Readonly<Ref<boolean>>> = Symbol("calm");
