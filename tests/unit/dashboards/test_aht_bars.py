from dashboards.aht_bars import LABELS, VALUES, WIDTH, bars


def test_bars_start_at_zero_and_the_longest_leaves_room_for_its_value() -> None:
    drawn = bars([("Support EU email", 3132, 1866), ("Billing email", 1566, 0)])

    first, second = drawn.pairs
    assert first.raw_width == WIDTH - LABELS - VALUES
    assert second.raw_width == first.raw_width / 2
    assert second.adjusted_width == 0
    assert (first.raw_text, first.adjusted_text) == ("52:12 raw", "31:06 adjusted")


def test_a_long_name_is_cut_and_nothing_at_all_is_drawn_without_dividing_by_zero() -> None:
    drawn = bars([("An extraordinarily long queue name email", 0, 0)])

    assert drawn.pairs[0].label.endswith("\N{HORIZONTAL ELLIPSIS}")
    assert drawn.pairs[0].raw_width == 0
    assert bars([]).pairs == ()
