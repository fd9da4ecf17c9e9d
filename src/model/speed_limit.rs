//! How people write a speed limit: `500k`, `2M`, `1.5MiB/s`, or a number beside its unit. Per second is always meant.

/// Bytes per second; anything smaller would be a stop rather than a limit.
pub const MIN_LIMIT: u64 = 1 << 10;

/// Digits that count behind a point: enough for single bytes in the largest unit.
const MAX_DIGITS: usize = 12;

/// Why a text is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoLimit {
    #[error("a speed is written like 500k, 2M or 1.5MiB/s")]
    Form,
    #[error("the smallest limit is 1KiB/s")]
    TooSmall,
    #[error("no computer is that fast")]
    TooLarge,
}

/// Reads a number with its unit: `k`, `M` and `G` are decimal, `Ki`, `Mi` and `Gi` count in 1,024; `B` and `/s` may follow.
///
/// # Errors
/// It is something else, or below `MIN_LIMIT`.
pub fn parse(text: &str) -> Result<u64, NoLimit> {
    let text = text.trim();
    let text = text.strip_suffix("/s").unwrap_or(text);
    let text = text.strip_suffix('B').unwrap_or(text);
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = match unit.trim_start() {
        "" => 1,
        "k" | "K" => 1_000,
        "m" | "M" => 1_000_000,
        "g" | "G" => 1_000_000_000,
        "ki" | "Ki" => 1 << 10,
        "mi" | "Mi" => 1 << 20,
        "gi" | "Gi" => 1 << 30,
        _ => return Err(NoLimit::Form),
    };
    in_units(number, unit)
}

/// Reads a number such as `1.5` that counts in `unit` bytes per second; what is less than a byte is dropped.
///
/// # Errors
/// As `parse`.
pub fn in_units(number: &str, unit: u64) -> Result<u64, NoLimit> {
    let number = number.trim();
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if whole.len() + part.len() == 0 || !(whole.bytes().chain(part.bytes())).all(|byte| byte.is_ascii_digit()) {
        return Err(NoLimit::Form);
    }
    // Only digits, so all that can be wrong is that there are too many.
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_error| NoLimit::TooLarge)? };
    let (mut numerator, mut denominator) = (0_u128, 1_u128);
    for digit in part.bytes().take(MAX_DIGITS) {
        numerator = numerator * 10 + u128::from(digit - b'0');
        denominator *= 10;
    }
    let bytes = u128::from(whole) * u128::from(unit) + numerator * u128::from(unit) / denominator;
    let bytes = u64::try_from(bytes).map_err(|_error| NoLimit::TooLarge)?;
    if bytes < MIN_LIMIT { Err(NoLimit::TooSmall) } else { Ok(bytes) }
}

/// Writes `bytes` per second as a number that counts in `unit`, a power of ten: every digit that `in_units` needs, no more.
pub fn as_number(bytes: u64, unit: u64) -> String {
    let unit = unit.max(1);
    let (whole, rest) = (bytes / unit, bytes % unit);
    if rest == 0 {
        return whole.to_string();
    }
    let digits = usize::try_from(unit.ilog10()).unwrap_or(0);
    format!("{whole}.{rest:0digits$}").trim_end_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_people_write_is_understood() {
        for (text, bytes) in [
            ("500k", 500_000),
            ("2M", 2_000_000),
            ("1.5MiB/s", 1_572_864),
            ("1KiB", 1024),
            ("1 MB/s", 1_000_000),
            ("2048", 2048),
            ("2048B", 2048),
            (" 0.5G ", 500_000_000),
            ("3gi", 3 << 30),
            (".5M", 500_000),
            ("10.M/s", 10_000_000),
            ("1.0000000000000000001M", 1_000_000),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_no_speed_is_refused() {
        for text in ["", "k", ".", "fast", "1.5.2M", "-1M", "1e6", "2Mb", "8Mbit", "1M/h", "1,5M", "१M", "1 0k", "/s"]
        {
            assert_eq!(parse(text), Err(NoLimit::Form), "{text}");
        }
        for text in ["0", "1", "1023", "0.9k", "1k"] {
            assert_eq!(parse(text), Err(NoLimit::TooSmall), "{text}");
        }
        for text in ["99999999999999999999999999999999999999999999999999", "99999999999G"] {
            assert_eq!(parse(text), Err(NoLimit::TooLarge), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(bytes in MIN_LIMIT..=u64::MAX, unit in prop::sample::select(vec![1, 1_000, 1_000_000])) {
            prop_assert_eq!(in_units(&as_number(bytes, unit), unit), Ok(bytes));
        }

        #[test]
        fn no_text_is_too_much(text in ".{0,60}") {
            parse(&text).ok();
        }
    }
}
