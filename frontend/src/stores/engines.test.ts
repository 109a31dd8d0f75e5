import { createPinia, setActivePinia } from "pinia";
import { beforeEach, describe, expect, it } from "vitest";

import type { EngineAnswer } from "@/api/schema";
import { usePreferences } from "@/stores/preferences";

import { healthOf, isServing, useEngines } from "./engines";

function engine(name: string, told: Partial<EngineAnswer> = {}): EngineAnswer {
  return { name, status: "ok", sends_pictures_to: null, is_default: false, capabilities: null, ...told } as EngineAnswer;
}

beforeEach(() => {
  localStorage.clear();
  setActivePinia(createPinia());
});

describe("the engine that is asked", () => {
  it("is the reader's, else the server's", () => {
    const engines = useEngines();
    engines.items = [engine("first"), engine("usual", { is_default: true }), engine("own")];
    expect(engines.chosen?.name).toBe("usual");
    engines.choose("own");
    expect(engines.chosen?.name).toBe("own");
    engines.choose("gone");
    expect(engines.chosen?.name).toBe("usual");
  });

  it("is one that fits clothes", () => {
    const engines = useEngines();
    const draws = { try_on: false } as EngineAnswer["capabilities"];
    engines.items = [engine("painter", { capabilities: draws, is_default: true }), engine("tailor")];
    expect(engines.fitters.map((one) => one.name)).toEqual(["tailor"]);
    expect(engines.chosen?.name).toBe("tailor");
  });
});

describe("consent", () => {
  it("is asked for where pictures leave, once for each host", () => {
    const engines = useEngines();
    engines.items = [engine("far", { sends_pictures_to: "one.example", is_default: true })];
    expect(engines.needsConsent).toBe(true);
    engines.consent();
    engines.consent();
    expect(engines.needsConsent).toBe(false);
    expect(usePreferences().consented).toEqual(["far@one.example"]);

    engines.items = [engine("far", { sends_pictures_to: "two.example", is_default: true })];
    expect(engines.needsConsent).toBe(true);
  });

  it("is not asked for what stays here", () => {
    const engines = useEngines();
    engines.items = [engine("near", { is_default: true })];
    expect(engines.needsConsent).toBe(false);
    engines.consent();
    expect(usePreferences().consented).toEqual([]);
  });
});

describe("health", () => {
  it.each([
    ["ok", "ok", true],
    ["degraded", "busy", true],
    ["unknown", "asking", true],
    ["down", "down", false],
    ["error", "down", false],
    ["not_set_up", "notSetUp", false],
    ["missing", "notSetUp", false],
    ["refused", "notSetUp", false],
  ] as const)("%s is told as %s", (status, health, serves) => {
    expect(healthOf(engine("one", { status }))).toBe(health);
    expect(isServing(engine("one", { status }))).toBe(serves);
  });
});
