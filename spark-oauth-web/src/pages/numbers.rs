//! Numbers as a person reads them.

/// Groups of three digits, apart by narrow spaces that do not break: `1 209 600`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let length = digits.len();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (length - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// At most four characters and a letter: `9 999`, `12k`, `1.2M`.
pub(super) fn compact(number: u64) -> String {
    const THOUSAND: u64 = 1_000;
    const MILLION: u64 = 1_000_000;
    match number {
        small if small < 10 * THOUSAND => grouped(small),
        middle if middle < MILLION => format!("{}k", middle / THOUSAND),
        large if large < 100 * MILLION => {
            format!("{}.{}M", large / MILLION, large % MILLION / (MILLION / 10))
        }
        huge => format!("{}M", grouped(huge / MILLION)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_groups_of_three() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_209_600), "1\u{202f}209\u{202f}600");
    }

    #[test]
    fn large_numbers_are_short_and_never_rounded_up() {
        let expected = [
            (9_999, "9\u{202f}999"),
            (10_000, "10k"),
            (999_999, "999k"),
            (1_000_000, "1.0M"),
            (1_290_000, "1.2M"),
            (123_456_789, "123M"),
        ];
        for (number, text) in expected {
            assert_eq!(compact(number), text);
        }
    }
}
