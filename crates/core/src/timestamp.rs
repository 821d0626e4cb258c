//! Time of an event: UTC, milliseconds, set by the server.
//!
//! Does not read a clock: whoever has one hands the time in.

use time::macros::format_description;
use time::{Date, Month, OffsetDateTime};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Earliest time that is kept: the year 1970.
    const MIN_MS: i64 = 0;
    /// Latest time that is kept: the end of the year 9999, so that it is written with four digits.
    const MAX_MS: i64 = 253_402_300_799_999;

    /// The time `ms` milliseconds after 1970, held between 1970 and 9999.
    pub const fn from_ms(ms: i64) -> Self {
        if ms < Self::MIN_MS {
            Self(Self::MIN_MS)
        } else if ms > Self::MAX_MS {
            Self(Self::MAX_MS)
        } else {
            Self(ms)
        }
    }

    /// Milliseconds since 1970.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// Time of the event after one of time `last`: this time, or one millisecond more than the
    /// last where the clock stood or went back, so that times rise strictly within a group.
    #[must_use]
    pub const fn after(self, last: Self) -> Self {
        if self.0 > last.0 { self } else { Self(last.0 + 1) }
    }

    /// `2026-11-20 14:03`: how earlier messages show it on the console.
    pub fn render_minute(self) -> String {
        let format = format_description!("[year]-[month]-[day] [hour]:[minute]");
        self.date_time().format(format).unwrap_or_default()
    }

    /// `2026-11-20T14:03:11.042Z` (RFC 3339): how programs read it.
    pub fn render_rfc3339(self) -> String {
        let format = format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"
        );
        self.date_time().format(format).unwrap_or_default()
    }

    /// Reads what [`Timestamp::render_rfc3339`] wrote; nothing for anything else.
    pub fn parse_rfc3339(written: &str) -> Option<Self> {
        let (date, clock) = written.strip_suffix('Z')?.split_once('T')?;
        let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
        let (clock, ms) = clock.split_once('.')?;
        let [ms] = numbers(ms, '.', [3])?;
        let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
        let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
        let byte = |number| u8::try_from(number).ok();
        let date = Date::from_calendar_date(i32::try_from(year).ok()?, month, byte(day)?).ok()?;
        let ms = u16::try_from(ms).ok()?;
        let at = date.with_hms_milli(byte(hour)?, byte(minute)?, byte(second)?, ms).ok()?;
        i64::try_from(at.assume_utc().unix_timestamp_nanos() / 1_000_000).ok().map(Self::from_ms)
    }

    fn date_time(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

/// Numbers of so many digits each.
fn numbers<const COUNT: usize>(
    written: &str,
    between: char,
    lengths: [usize; COUNT],
) -> Option<[u32; COUNT]> {
    let mut parts = written.split(between);
    let mut found = [0; COUNT];
    for (place, length) in found.iter_mut().zip(lengths) {
        let part = parts.next()?;
        let is_number = part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
        *place = part.parse().ok().filter(|_| is_number)?;
    }
    parts.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_reads_back_as_it_was_written() {
        for ms in [0, 1, 1_795_183_391_042, 253_402_300_799_999] {
            let at = Timestamp::from_ms(ms);
            assert_eq!(Timestamp::parse_rfc3339(&at.render_rfc3339()), Some(at));
        }
        for wrong in [
            "",
            "2026-11-20",
            "2026-11-20T14:03:11Z",
            "2026-11-20T14:03:11.042",
            "2026-13-20T14:03:11.042Z",
            "2026-02-30T14:03:11.042Z",
            "2026-11-20T24:03:11.042Z",
            "2026-11-20T14:03:11.0422Z",
            "+026-11-20T14:03:11.042Z",
            "2026-11-20-1T14:03:11.042Z",
        ] {
            assert_eq!(Timestamp::parse_rfc3339(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn times_are_written_as_the_interface_says() {
        let at = Timestamp::from_ms(1_795_183_391_042);
        assert_eq!(at.render_rfc3339(), "2026-11-20T14:03:11.042Z");
        assert_eq!(at.render_minute(), "2026-11-20 14:03");
    }

    #[test]
    fn any_number_of_milliseconds_can_be_written() {
        for ms in [i64::MIN, -1, 0, i64::MAX] {
            assert_eq!(Timestamp::from_ms(ms).render_rfc3339().len(), 24);
        }
    }

    #[test]
    fn times_rise_although_the_clock_goes_back() {
        let last = Timestamp::from_ms(1_000);
        assert_eq!(Timestamp::from_ms(10).after(last).ms(), 1_001);
        assert_eq!(Timestamp::from_ms(1_000).after(last).ms(), 1_001);
        assert_eq!(Timestamp::from_ms(5_000).after(last).ms(), 5_000);
    }
}
