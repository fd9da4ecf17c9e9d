//! Sizes, rates, times and counts as people read them.

use std::time::Duration;

use super::{Word, catalogue::say};

const UNITS: [Word; 6] = [Word::UnitKb, Word::UnitMb, Word::UnitGb, Word::UnitTb, Word::UnitPb, Word::UnitEb];

/// `999 bytes`, `1.4 GB`: decimal units as disks and networks are sold in, three digits at most.
pub fn size(bytes: u64) -> String {
    if bytes < 1000 { say!("bytes", bytes) } else { scaled(bytes) }
}

/// `38 MB/s`.
pub fn rate(bytes_a_second: u64) -> String {
    if bytes_a_second < 1000 {
        return say!("rate-slow", bytes = bytes_a_second);
    }
    say!("rate", size = scaled(bytes_a_second))
}

/// `2 min left`; steps grow with the time, so that the figure does not flicker.
pub fn left(left: Duration) -> String {
    match left.as_secs() {
        0..=4 => say!("left-few-seconds"),
        s @ 5..=55 => say!("left-seconds", seconds = s.div_ceil(5) * 5),
        s @ 56..=5399 => say!("left-minutes", minutes = ((s + 30) / 60).max(1)),
        s @ 5400..=172_799 => say!("left-hours", hours = (s + 1800) / 3600),
        s => say!("left-days", days = (s + 43_200) / 86_400),
    }
}

/// What is shorter would be rounded to nothing.
const SHORTEST_SHOWN: Duration = Duration::from_millis(50);

/// How long something took: `under 0.1 s`, `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`.
pub fn duration(took: Duration) -> String {
    if took < SHORTEST_SHOWN {
        return say!("seconds-under", seconds = decimal(0.1, 1));
    }
    let seconds = took.as_secs();
    match (seconds, seconds / 60 % 60, seconds % 60) {
        (0..=9, ..) => say!("seconds", seconds = decimal(took.as_secs_f64(), 1)),
        (10..=59, ..) => say!("seconds", seconds),
        (60..=3599, minutes, 0) => say!("minutes", minutes),
        (60..=3599, minutes, seconds) => say!("minutes-seconds", minutes, seconds),
        (_, 0, _) => say!("hours", hours = seconds / 3600),
        (_, minutes, _) => say!("hours-minutes", hours = seconds / 3600, minutes),
    }
}

/// `21 Nov 2026`, for seconds since 1970 (in UTC).
pub fn date(seconds: u64) -> String {
    // Howard Hinnant's `civil_from_days`: years begin in March, so that the leap day comes last.
    let days = seconds / 86_400 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12 + 1;
    let year = era * 400 + year + u64::from(month < 3);
    say!("date", day, month, year = year.to_string())
}

/// `21 Nov 2026, 14:03 UTC`, for seconds since 1970.
pub fn date_time(seconds: u64) -> String {
    let time = format!("{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60);
    say!("date-time", date = date(seconds), time)
}

/// Whole per cent, 100 only when all has moved.
pub fn percent(moved: u64, total: u64) -> u8 {
    if total == 0 {
        return 100;
    }
    let part = u128::from(moved.min(total)) * 100 / u128::from(total);
    u8::try_from(part).unwrap_or(100)
}

/// `42 %`.
pub fn per_cent(percent: u8) -> String {
    say!("per-cent", percent = u64::from(percent))
}

/// Shortens in the middle to the room of `max` Latin letters, so that the start and the ending of a name stay readable.
pub fn fit(text: &str, max: usize) -> String {
    if max < 8 || text.chars().map(columns).sum::<usize>() <= max {
        return text.to_owned();
    }
    let tail = max / 3;
    let start = within(text.chars(), max - tail - 1);
    let end: String = within(text.chars().rev(), tail).chars().rev().collect();
    format!("{start}…{end}")
}

/// As many of `chars` as have room.
fn within(chars: impl Iterator<Item = char>, columns_there: usize) -> String {
    let mut taken = 0;
    let has_room = |c: &char| {
        taken += columns(*c);
        taken <= columns_there
    };
    chars.take_while(has_room).collect()
}

/// The room that a character takes, in Latin letters: ideographs, kana, hangul, full-width forms and pictures take two, as on
/// a terminal (Unicode UAX #11), accents that stand on another letter none.
fn columns(c: char) -> usize {
    match c {
        '\u{300}'..='\u{36f}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{303e}'
        | '\u{3041}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff01}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// `1.4 GB in 37 s`; where `kept` bytes were there already, what really moved in that time.
pub fn took(bytes: u64, kept: u64, time: Duration) -> String {
    match bytes.saturating_sub(kept) {
        _ if kept == 0 => say!("took", size = size(bytes), duration = duration(time)),
        0 => say!("took-nothing", size = size(bytes)),
        moved => {
            say!("took-part", size = size(bytes), moved = size(moved), duration = duration(time), kept = size(kept))
        }
    }
}

/// `12,345`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    if digits.len() <= 3 {
        return digits;
    }
    let mark = Word::GroupMark.text();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 * mark.len());
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push_str(mark);
        }
        text.push(digit);
    }
    text
}

fn scaled(bytes: u64) -> String {
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    // 999.5 would be shown as 1000.
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{} {}", decimal(value, usize::from(value < 9.95)), UNITS[unit].text())
}

fn decimal(value: f64, digits: usize) -> String {
    let mut text = format!("{value:.digits$}");
    if let Some(point) = text.find('.') {
        text.replace_range(point..=point, Word::DecimalMark.text());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_already_has_no_speed() {
        let took = |kept| took(6_000_000, kept, Duration::from_millis(400));
        assert_eq!(took(0), "6.0 MB in 0.4 s");
        assert_eq!(took(4_000_000), "6.0 MB: 2.0 MB in 0.4 s, 4.0 MB there already");
        assert_eq!(took(6_000_000), "6.0 MB, all there already");
    }

    #[test]
    fn sizes_have_at_most_three_digits() {
        for (bytes, shown) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1000, "1.0 kB"),
            (9_949, "9.9 kB"),
            (9_960, "10 kB"),
            (999_499, "999 kB"),
            (999_500, "1.0 MB"),
            (1_440_000_000, "1.4 GB"),
            (u64::MAX, "18 EB"),
        ] {
            assert_eq!(size(bytes), shown, "{bytes}");
        }
        assert_eq!(rate(38_200_000), "38 MB/s");
        assert_eq!(rate(0), "0 B/s");
    }

    #[test]
    fn times_are_rounded_to_what_can_be_promised() {
        for (seconds, shown) in [
            (0, "a few seconds left"),
            (7, "10 s left"),
            (55, "55 s left"),
            (56, "1 min left"),
            (100, "2 min left"),
            (5399, "90 min left"),
            (7200, "2 h left"),
            (259_200, "3 days left"),
        ] {
            assert_eq!(left(Duration::from_secs(seconds)), shown);
        }
        assert_eq!(duration(Duration::from_millis(420)), "0.4 s");
        assert_eq!(duration(Duration::from_millis(50)), "0.1 s");
        assert_eq!(duration(Duration::from_millis(49)), "under 0.1 s", "nothing takes no time");
        assert_eq!(duration(Duration::from_secs(200)), "3 min 20 s");
        assert_eq!(duration(Duration::from_mins(125)), "2 h 5 min");
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, shown) in [
            (0, "1 Jan 1970"),
            (951_782_400, "29 Feb 2000"),
            (951_868_800, "1 Mar 2000"),
            (1_735_689_599, "31 Dec 2024"),
            (1_795_219_200, "21 Nov 2026"),
            (4_107_542_400, "1 Mar 2100"),
        ] {
            assert_eq!(date(seconds), shown, "{seconds}");
        }
    }

    #[test]
    fn a_hundred_per_cent_means_all_of_it() {
        assert_eq!(percent(999_999, 1_000_000), 99);
        assert_eq!(percent(0, 0), 100);
        assert_eq!(percent(u64::MAX, u64::MAX), 100);
        assert_eq!(
            (grouped(999), grouped(12_345), grouped(1_234_567)),
            ("999".into(), "12,345".into(), "1,234,567".into())
        );
    }

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(fit("short.txt", 20), "short.txt");
        let shown = fit("文件夹文件夹文件夹文件夹文件夹文件夹.tar.gz", 16);
        assert_eq!(shown, "文件夹文件…ar.gz", "an ideograph takes the room of two letters");
        assert_eq!(fit("文件夹文件夹.gz", 16), "文件夹文件夹.gz");
        assert_eq!(fit("e\u{301}te\u{301}", 8), "e\u{301}te\u{301}");
        let shown = fit("a name that is long.txt", 16);
        assert_eq!((shown.chars().count(), shown.as_str()), (16, "a name tha…g.txt"));
    }
}
