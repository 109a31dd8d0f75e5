/** The figures of the server, looked at again while somebody looks at them. */

import { api, content } from "@/api/client";
import { refusalFrom } from "@/api/errors";
import type { Stats } from "@/api/schema";
import { usePolling } from "@/features/admin/polling";
import { noteRefusal } from "@/features/admin/refused";
import { type Listed, useFetched } from "@/features/settings/listed";

const EVERY_MS = 5000;

export function useStats(): Listed<Stats> {
  const stats = useFetched(async () => {
    try {
      return await content(api.GET("/api/v1/admin/stats"));
    } catch (reason) {
      throw noteRefusal(refusalFrom(reason));
    }
  });
  usePolling(stats.load, EVERY_MS);
  return stats;
}
