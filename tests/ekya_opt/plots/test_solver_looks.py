"""How solvers look and are called in figures."""

from ekya_opt import solver_names
from ekya_opt.plots.solver_looks import LOOKS, solver_looks, solver_texts
from solvers.registry import kinds_of


def variants(count: int) -> list[str]:
    """Return so many solvers with settings, and plug-ins."""
    thieves = [f"thief:passes={idx}:order=by-stream" for idx in range(count // 2)]
    return thieves + [f"plug-in-{idx}" for idx in range(count - len(thieves))]


def test_every_solver_has_a_look_of_its_own() -> None:
    """In colour or marker, so that neither dashes nor lines need to be seen."""
    own = [name for name in solver_names() if kinds_of(name)]
    assert set(own) <= set(LOOKS)
    looks = {(look.colour, look.marker) for look in LOOKS.values()}
    assert len(looks) == len(LOOKS)


def test_sixty_labels_look_different() -> None:
    """All solvers, and as many variants and plug-ins again."""
    labels = [*LOOKS, *variants(36)]
    looks = solver_looks(labels)
    assert list(looks) == labels
    assert len(set(looks.values())) == len(labels)


def test_looks_do_not_depend_on_who_else_is_drawn() -> None:
    """For solvers without settings, and for one with settings on its own."""
    crowd = solver_looks([*LOOKS, *variants(36)])
    assert solver_looks(["thief", "dp"]) == {
        "thief": crowd["thief"],
        "dp": crowd["dp"],
    }
    alone = solver_looks(["thief:passes=0"])
    assert solver_looks(["dp", "thief:passes=0", "thief"]).items() >= alone.items()
    assert solver_looks(reversed(list(crowd))) == crowd


def test_texts_are_short_lines_and_all_different() -> None:
    """Long labels go on in a next line at a colon, and keep their ends."""
    texts = solver_texts(
        [
            "dp",
            "thief-released:hand_on=false:rounds=3",
            "a" * 30 + "1",
            "a" * 30 + "2",
            "a" * 15 + "b" + "a" * 15,
            "a" * 15 + "c" + "a" * 15,
            "_$x",
        ],
        24,
    )
    assert texts["dp"] == "dp"
    wrapped = "thief-released:\n  hand_on=false:rounds=3"
    assert texts["thief-released:hand_on=false:rounds=3"] == wrapped
    assert texts["a" * 30 + "2"].endswith("…aaaaaaaaaa2")
    assert texts["_$x"] == r" _\$x"
    assert len(set(texts.values())) == len(texts)
    lines = [line for text in texts.values() for line in text.splitlines()]
    assert max(map(len, lines)) <= 24 + len(" (2)")
