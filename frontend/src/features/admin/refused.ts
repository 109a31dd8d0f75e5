/** What a refusal says of the reader: who may no longer do something is shown no longer what leads there. */

import type { Refusal } from "@/api/errors";
import { useSession } from "@/stores/session";

const FORBIDDEN = 403;

/** `refusal`; where it says that the reader may not, the session asks what they may now. */
export function noteRefusal(refusal: Refusal): Refusal {
  if (refusal.status === FORBIDDEN) void useSession().refresh().catch(() => undefined); // the refusal itself is told
  return refusal;
}
