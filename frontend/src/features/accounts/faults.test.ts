import { beforeAll, describe, expect, it } from "vitest";

import { Refusal } from "@/api/errors";
import { sentence, sortFaults } from "@/features/accounts/faults";
import { speak } from "@/i18n";

const FORM = ["username", "email", "password"];

describe("what is wrong with a form", () => {
  beforeAll(() => speak("en"));

  it("stands at its field, as a sentence", () => {
    const refusal = new Refusal("bad_detail", "This cannot be used.", "", 400, null, { username: "a user name has 3 to 32 characters" });
    expect(sortFaults(refusal, FORM).fields).toEqual({ username: "A user name has 3 to 32 characters." });
    expect(sentence("用户名需要 3 到 32 个字符")).toBe("用户名需要 3 到 32 个字符。");
  });

  it("tells the name that is taken from the address that is", () => {
    const taken = (what: string) => new Refusal("name_taken", `“${what}” is taken already.`, "", 409);
    expect(Object.keys(sortFaults(taken("mei"), FORM, "mei@lab.example").fields)).toEqual(["username"]);
    expect(Object.keys(sortFaults(taken("mei@lab.example"), FORM, " mei@lab.example ").fields)).toEqual(["email"]);
  });

  it("says for how long to wait", () => {
    expect(sortFaults(new Refusal("too_many_requests", "", "", 429, 17), FORM)).toMatchObject({ wait: 17, fields: {} });
  });

  it("asks for the password again where it is wrong, whichever field that is", () => {
    const wrong = new Refusal("wrong_password", "", "", 401);
    expect(Object.keys(sortFaults(wrong, FORM).fields)).toEqual(["password"]);
    expect(Object.keys(sortFaults(wrong, ["current", "chosen"]).fields)).toEqual(["current"]);
  });

  it("is said above the form where it is of no field", () => {
    const refusal = new Refusal("no_answer", "The server does not answer.", "Try again.", 0);
    expect(sortFaults(refusal, FORM).rest).toEqual({ text: "The server does not answer.", hint: "Try again." });
  });
});
