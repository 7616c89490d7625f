"""Points in time: RFC 3339 in, UTC with a `Z` out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.timestamps import format_timestamp, parse_timestamp, time_of_commit


class TestParseTimestamp:
    @pytest.mark.parametrize(
        ("text", "moment"),
        [
            ("2024-05-01T12:00:00Z", datetime(2024, 5, 1, 12, tzinfo=UTC)),
            ("2024-05-01t12:00:00z", datetime(2024, 5, 1, 12, tzinfo=UTC)),
            ("2024-05-01 12:00:00Z", datetime(2024, 5, 1, 12, tzinfo=UTC)),
            ("2024-05-01T12:00:00-00:00", datetime(2024, 5, 1, 12, tzinfo=UTC)),
            ("2024-05-01T12:00:00+02:00", datetime(2024, 5, 1, 10, tzinfo=UTC)),
            ("2024-05-01T12:00:00-05:30", datetime(2024, 5, 1, 17, 30, tzinfo=UTC)),
            ("2024-05-01T12:00:00+23:59", datetime(2024, 4, 30, 12, 1, tzinfo=UTC)),
            ("2024-05-01T12:00:00.5Z", datetime(2024, 5, 1, 12, 0, 0, 500_000, UTC)),
            ("2024-05-01T12:00:00.000001Z", datetime(2024, 5, 1, 12, 0, 0, 1, UTC)),
            # Cut off, not rounded.
            ("2024-05-01T12:00:00.1234569Z", datetime(2024, 5, 1, 12, 0, 0, 123_456, UTC)),
            ("2024-05-01T12:00:00.9999999999Z", datetime(2024, 5, 1, 12, 0, 0, 999_999, UTC)),
            ("2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
            ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
            ("0001-01-01T00:00:00-01:00", datetime(1, 1, 1, 1, tzinfo=UTC)),
            ("9999-12-31T23:59:59.999999Z", datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)),
        ],
    )
    def test_reads_rfc_3339(self, text: str, moment: datetime) -> None:
        parsed = parse_timestamp(text)
        assert parsed == moment
        assert parsed.utcoffset() == timedelta(0)

    @pytest.mark.parametrize(
        "text",
        [
            "0001-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
            "0000-01-01T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-00-01T00:00:00Z",
            "2024-05-01T24:00:00Z",
            "2024-05-01T25:00:00Z",
            "2024-05-01T12:60:00Z",
            "2024-05-01T12:00:61Z",
            "2016-12-31T23:59:60Z",
            "2024-05-01T12:00:00+24:00",
            "2024-05-01T12:00:00+10:75",
        ],
    )
    def test_refuses_times_that_do_not_exist_or_leave_the_calendar(self, text: str) -> None:
        with pytest.raises(ValueError, match="must be a"):
            parse_timestamp(text)

    @pytest.mark.parametrize(
        "value",
        [
            "",
            "now",
            "2024-05-01",
            "2024-05-01T12:00:00",
            "2024-05-01T12:00Z",
            "2024-05-01T12:00:00.Z",
            "2024-05-01T12:00:00,5Z",
            "2024-05-01T12:00:00+0200",
            "2024-05-01T12:00:00+02",
            "2024-05-01T12:00:00 Z",
            "2024-W18-3T12:00:00Z",
            "20240501T120000Z",
            "12024-05-01T12:00:00Z",
            "2024-05-01T12:00:00Z\n",
            "٢٠٢٤-05-01T12:00:00Z",
            1714564800,
            None,
            True,
            datetime(2024, 5, 1, tzinfo=UTC),
        ],
    )
    def test_refuses_everything_else(self, value: object) -> None:
        with pytest.raises(ValueError, match="RFC 3339"):
            parse_timestamp(value)


class TestTimeOfCommit:
    @pytest.mark.parametrize(
        "shown",
        [
            # One moment as `git log --format=%aI` shows it in odd time zones.
            "2008-05-05T03:20:11Z",
            "2008-05-05T03:20:11+00:00",
            "2008-05-05T08:50:11+05:30",
            "2008-05-06T04:20:11+25:00",
            "2008-05-02T23:00:11-51:80",
            "2008-05-05T02:20:11-00:60",
            "2008-04-30T22:41:11-99:99",
            "2008-05-26T17:20:11+518:00",
        ],
    )
    def test_is_the_moment_that_git_knows(self, shown: str) -> None:
        assert time_of_commit(shown) == datetime(2008, 5, 5, 3, 20, 11, tzinfo=UTC)

    def test_keeps_fractions(self) -> None:
        moment = time_of_commit("2008-05-06T04:20:11.5+25:00")
        assert moment == datetime(2008, 5, 5, 3, 20, 11, 500_000, UTC)

    @pytest.mark.parametrize(
        "shown",
        [
            "",
            "10889-01-01T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "0001-01-01T00:00:00+30:00",
            "9999-12-31T00:00:00-30:00",
            "2023-02-29T00:00:00+30:00",
            "2024-05-01T24:00:00+30:00",
            "2024-05-01T12:00:00",
            "2024-05-01T12:00:00+99999999999:00",
            1714564800,
            None,
        ],
    )
    def test_is_none_where_no_calendar_has_it(self, shown: object) -> None:
        assert time_of_commit(shown) is None


class TestFormatTimestamp:
    @pytest.mark.parametrize(
        ("moment", "text"),
        [
            (datetime(2024, 5, 1, 12, tzinfo=UTC), "2024-05-01T12:00:00Z"),
            (datetime(2024, 5, 1, 12, 0, 0, 1, UTC), "2024-05-01T12:00:00.000001Z"),
            (datetime(2024, 5, 1, 12, 0, 0, 500_000, UTC), "2024-05-01T12:00:00.500000Z"),
            (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00Z"),
            (
                datetime(2024, 5, 1, 12, tzinfo=timezone(timedelta(hours=2))),
                "2024-05-01T10:00:00Z",
            ),
        ],
    )
    def test_shows_utc_with_a_z(self, moment: datetime, text: str) -> None:
        assert format_timestamp(moment) == text

    @given(st.datetimes(timezones=st.just(UTC)))
    def test_reads_back_as_the_same_moment(self, moment: datetime) -> None:
        assert parse_timestamp(format_timestamp(moment)) == moment
