//! Days of the Gregorian calendar.

/// Whether `year`, `month` and `day` (from 1) are a day of the Gregorian calendar.
#[must_use]
pub(crate) fn is_day(year: u32, month: u32, day: u32) -> bool {
    day >= 1 && day <= days_of(year, month)
}

/// Number of days in a month, 0 for no month.
fn days_of(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::is_day;

    #[test]
    fn leap_years_skip_centuries_but_every_fourth() {
        for (year, leap) in [(2000, true), (1900, false), (2024, true), (2023, false)] {
            assert_eq!(is_day(year, 2, 29), leap, "{year}");
        }
        assert!(is_day(1980, 12, 31) && !is_day(1980, 13, 1) && !is_day(1980, 4, 31));
        assert!(!is_day(1980, 0, 1) && !is_day(1980, 1, 0));
    }
}
