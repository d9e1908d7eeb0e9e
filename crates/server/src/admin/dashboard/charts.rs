//! Figures as drawings: what a template needs to draw them, and to list them beside.

use serde::Serialize;
use time::{Date, Duration};

use crate::pages::grouped;

/// The drawing's measures, in its own units: browsers stretch it.
const BAR: u64 = 10;
const HEIGHT: u64 = 200;

/// Views per day.
#[derive(Debug, Serialize)]
pub(super) struct DayChart {
    width: u64,
    height: u64,
    /// In ascending order.
    days: Vec<Day>,
    highest: String,
    highest_day: Option<String>,
    first: String,
    last: String,
}

#[derive(Debug, Serialize)]
struct Day {
    date: String,
    #[serde(skip)]
    count: u64,
    views: String,
    x: u64,
    y: u64,
    height: u64,
}

impl DayChart {
    /// The `length` days up to `last`; days that `known` leaves out had no views.
    pub(super) fn new(last: Date, length: i64, known: &[(Date, u64)]) -> Self {
        let views_of = |day: Date| known.iter().find(|(it, _)| *it == day).map_or(0, |(_, views)| *views);
        let dates = (0..length).rev().map(|ago| last - Duration::days(ago));
        let counts: Vec<_> = dates.map(|day| (day, views_of(day))).collect();
        let highest = counts.iter().map(|(_, views)| *views).max().unwrap_or(0);
        let days: Vec<_> = counts
            .iter()
            .zip(0..)
            .map(|((day, views), index)| {
                let height = scaled(*views, highest, HEIGHT);
                let (date, count, x, y) = (day.to_string(), *views, index * BAR, HEIGHT - height);
                Day { date, count, views: grouped(*views), x, y, height }
            })
            .collect();
        let highest_day = counts.iter().find(|(_, views)| *views == highest && highest > 0);
        Self {
            width: BAR * counts.len() as u64,
            height: HEIGHT,
            highest: grouped(highest),
            highest_day: highest_day.map(|(day, _)| day.to_string()),
            first: counts.first().map_or(String::new(), |(day, _)| day.to_string()),
            last: last.to_string(),
            days,
        }
    }

    /// The views of the last days.
    pub(super) fn sum_of_last(&self, days: usize) -> u64 {
        self.days.iter().rev().take(days).map(|day| day.count).sum()
    }
}

/// A part of `most`, in hundredths.
pub(super) fn hundredths(part: u64, most: u64) -> u64 {
    scaled(part, most, 100)
}

/// `part` of `whole` on a length; at least 1 for what is not nothing, so that it can be seen.
fn scaled(part: u64, whole: u64, length: u64) -> u64 {
    if part == 0 || whole == 0 {
        return 0;
    }
    let scaled = u128::from(part) * u128::from(length) / u128::from(whole);
    u64::try_from(scaled).unwrap_or(length).clamp(1, length)
}

/// How many comics have how many views, in ranges that grow tenfold.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spread {
    views: u64,
    /// Comics without views, with 1 to 9, with 10 to 99 …
    comics: [u64; 20],
}

/// A range of views, and how many comics are in it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Bar {
    range: String,
    comics: String,
    length: u64,
}

impl Spread {
    pub(super) fn add(&mut self, views: u64) {
        self.views = self.views.saturating_add(views);
        let digits = views.checked_ilog10().map_or(0, |power| power as usize + 1);
        if let Some(comics) = self.comics.get_mut(digits) {
            *comics += 1;
        }
    }

    pub(super) const fn views(&self) -> u64 {
        self.views
    }

    pub(super) fn comics(&self) -> u64 {
        self.comics.iter().sum()
    }

    /// The ranges up to the highest that is not empty.
    pub(super) fn bars(&self) -> Vec<Bar> {
        let used = self.comics.iter().rposition(|comics| *comics > 0).map_or(0, |last| last + 1);
        let most = self.comics.iter().copied().max().unwrap_or(0);
        let bar = |(digits, comics): (u32, &u64)| Bar {
            range: range(digits),
            comics: grouped(*comics),
            length: hundredths(*comics, most),
        };
        (0..).zip(&self.comics[..used]).map(bar).collect()
    }
}

/// The numbers of so many digits, where 0 has none.
fn range(digits: u32) -> String {
    let Some(least) = digits.checked_sub(1).map(|power| 10_u64.saturating_pow(power)) else {
        return "0".to_owned();
    };
    format!("{}\u{2013}{}", grouped(least), grouped(least.saturating_mul(9).saturating_add(least - 1)))
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn a_day_without_views_is_drawn_as_nothing_and_the_highest_in_full() {
        let known = [(date!(2026 - 02 - 27), 50), (date!(2026 - 03 - 01), 200)];
        let chart = DayChart::new(date!(2026 - 03 - 01), 4, &known);
        let days: Vec<_> =
            chart.days.iter().map(|it| (it.date.as_str(), it.count, it.x, it.y, it.height)).collect();
        assert_eq!(
            days,
            [
                ("2026-02-26", 0, 0, 200, 0),
                ("2026-02-27", 50, 10, 150, 50),
                ("2026-02-28", 0, 20, 200, 0),
                ("2026-03-01", 200, 30, 0, 200)
            ]
        );
        assert_eq!((chart.width, chart.highest.as_str()), (40, "200"));
        assert_eq!(chart.highest_day.as_deref(), Some("2026-03-01"));
        assert_eq!([1, 3, usize::MAX].map(|days| chart.sum_of_last(days)), [200, 250, 250]);
    }

    #[test]
    fn a_chart_of_nothing_is_flat() {
        let chart = DayChart::new(date!(2026 - 03 - 01), 90, &[]);
        assert!(chart.days.len() == 90 && chart.days.iter().all(|day| day.height == 0));
        assert_eq!(chart.highest_day, None);
    }

    #[test]
    fn a_part_is_seen_however_small_and_never_longer_than_the_whole() {
        assert_eq!([hundredths(1, u64::MAX), hundredths(u64::MAX, u64::MAX), hundredths(0, 5)], [1, 100, 0]);
        assert_eq!(hundredths(3, 0), 0);
    }

    #[test]
    fn comics_are_spread_over_ranges_that_grow_tenfold() {
        let mut spread = Spread::default();
        for views in [0, 1, 9, 10, 99, 99, 1_000, i64::MAX as u64] {
            spread.add(views);
        }
        let bars: Vec<_> = spread.bars().into_iter().map(|bar| (bar.range, bar.comics)).take(6).collect();
        let expected = [("0", "1"), ("1\u{2013}9", "2"), ("10\u{2013}99", "3"), ("100\u{2013}999", "0")];
        assert_eq!(bars[..4], expected.map(|(range, comics)| (range.to_owned(), comics.to_owned())));
        assert_eq!(bars[4].0, "1,000\u{2013}9,999");
        assert_eq!((spread.comics(), spread.bars().len()), (8, 20));
        assert_eq!(Spread::default().bars(), []);
    }
}
