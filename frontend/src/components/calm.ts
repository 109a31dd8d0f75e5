/** How still the list around a picture is: what rushes by is not worth the work. */

import type { InjectionKey, Ref } from "vue";

/** It stands, or moves so slowly that pictures stay in view: their files are fetched. */
export const CALM: InjectionKey<Readonly<Ref<boolean>>> = Symbol("calm");

/** It rushes: one colour a picture is all that eyes can take in. */
export const RUSH: InjectionKey<Readonly<Ref<boolean>>> = Symbol("rush");
