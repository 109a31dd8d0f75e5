"""Errors of tasks, told again from what their rows say."""

from __future__ import annotations

import pytest

from vtonlab import errors
from vtonlab.errors.retold import retell
from vtonlab.tasks.moves import write_error

TOLD = (
    errors.NoPersonFound(),
    errors.EngineBusy(engine="{far}"),
    errors.BudgetSpent(engine="far", limit="5"),
    errors.WrongKind(asked=errors.Text("outfit", "套装"), known="upper"),
    errors.NotThere(thing=errors.PICTURE, id="a"),
    errors.NotThere(thing=errors.Text("task", "任务"), id="a"),
    errors.TaskFault(),
)


@pytest.mark.parametrize("error", TOLD, ids=lambda error: type(error).__name__)
def test_an_error_told_again_is_the_same(error: errors.VtonError) -> None:
    again = retell(write_error(error))
    assert type(again) is type(error)
    assert (again.code, again.status, again.retryable) == (error.code, error.status, error.retryable)
    for language in errors.LANGUAGES:
        assert (again.say(language), again.advise(language)) == (error.say(language), error.advise(language))
    assert str(again) == error.say()
    assert write_error(again) == write_error(error)


def test_an_error_that_nobody_here_knows_keeps_its_code_and_words() -> None:
    said = {"message": "It {broke}.", "hint": "Mend it."}
    again = retell({"code": "of_another_package", "retryable": True, "en": said})
    assert isinstance(again, errors.EngineError)
    assert (again.code, again.status, again.retryable) == ("of_another_package", 502, True)
    assert (again.say(), again.advise()) == ("It {broke}.", "Mend it.")
    assert again.say("zh-CN") == errors.EngineError.sentence.zh


def test_nothing_written_is_still_an_error() -> None:
    again = retell({})
    assert (again.code, again.say()) == ("engine_error", errors.EngineError.sentence.en)
