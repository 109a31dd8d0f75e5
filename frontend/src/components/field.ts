/** What a `Field` tells the control inside it. */

import { computed, inject, type InjectionKey, provide, type Ref } from "vue";

export interface FieldContext {
  id: string;
  describedBy: string | undefined;
  invalid: boolean;
}

const FIELD: InjectionKey<Ref<FieldContext>> = Symbol("field");

export function provideField(context: Ref<FieldContext>): void {
  provide(FIELD, context);
}

/** The attributes a control takes over from the `Field` around it; none where there is no field. */
export function useField(): Ref<Record<string, string | boolean | undefined>> {
  const field = inject(FIELD, null);
  return computed(() =>
    field === null
      ? {}
      : {
          id: field.value.id,
          "aria-describedby": field.value.describedBy,
          "aria-invalid": field.value.invalid || undefined,
        },
  );
}
