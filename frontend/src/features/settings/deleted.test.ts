import { beforeAll, describe, expect, it } from "vitest";

import { deletedWords } from "@/features/settings/deleted";
import { speak } from "@/i18n";

describe("what was deleted", () => {
  beforeAll(() => speak("en"));

  it("is told in full, the account last, and nothing that was not there", () => {
    const words = deletedWords({
      accounts: { accounts: 1, sessions: 2, api_tokens: 0 },
      remote: { departures: 3 },
      library: { images: 12, bytes: 3_440_000 },
    });
    expect(words).toEqual(["12 pictures", "3.4 MB of files", "3 notes of what left the machine", "1 account", "2 sessions"]);
  });

  it("leaves out nothing that it has no words for", () => {
    expect(deletedWords({ hats: { straw_hats: 4 } })).toEqual(["straw_hats: 4"]);
  });
});
