/** What people do with a batch, wherever it is shown. */

import { computed, reactive, ref } from "vue";

import { askToConfirm } from "@/components/confirm";
import { say } from "@/i18n";
import { useSession } from "@/stores/session";
import { useTasks } from "@/stores/tasks";
import { useToasts } from "@/stores/toasts";

export function useBatchDeeds() {
  const session = useSession();
  const tasks = useTasks();
  const toasts = useToasts();
  const busy = ref<ReadonlySet<string>>(new Set());

  async function during(id: string, work: () => Promise<unknown>): Promise<void> {
    busy.value = new Set([...busy.value, id]);
    try {
      await work();
    } catch (error) {
      toasts.fail(error);
    } finally {
      busy.value = new Set([...busy.value].filter((one) => one !== id));
    }
  }

  async function cancel(taskId: string): Promise<void> {
    const isSure = await askToConfirm({
      title: say("batches.cancelSure"),
      text: say("batches.cancelText"),
      action: say("batches.cancelIt"),
      tone: "bad",
    });
    if (isSure) await during(taskId, () => tasks.cancel(taskId));
  }

  return reactive({
    mayLook: computed(() => session.isSignedIn && session.may("tasks:read")),
    mayControl: computed(() => session.may("tasks:control")),
    mayMake: computed(() => session.may("generate:create")),
    isBusy: (taskId: string) => busy.value.has(taskId),
    cancel,
    retry: (taskId: string) => during(taskId, () => tasks.retry(taskId)),
  });
}
