//! What a constant's expression comes to, as people write it: `64 * 1024` is `65,536`.
//!
//! Understands sums and products of whole numbers, other constants, and durations. What it does
//! not understand is shown as it stands in the source.

use std::collections::HashMap;

/// What the constants of a file come to.
pub(super) struct Values<'source>(HashMap<&'source str, Value>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    Count(u64),
    Milliseconds(u64),
}

impl<'source> Values<'source> {
    /// The constants, each by its name and expression, in the order of the source.
    pub(super) fn of(constants: impl Iterator<Item = (&'source str, &'source str)>) -> Self {
        let mut values = Self(HashMap::new());
        for (name, expression) in constants {
            if let Some(value) = values.value(expression) {
                values.0.insert(name, value);
            }
        }
        values
    }

    /// An expression as people write its value.
    pub(super) fn show(&self, expression: &str) -> String {
        match self.value(expression) {
            Some(Value::Count(count)) => grouped(count),
            Some(Value::Milliseconds(ms)) => duration(ms),
            None => format!("`{expression}`"),
        }
    }

    fn value(&self, expression: &str) -> Option<Value> {
        let expression = expression.trim();
        for (unit, ms) in [("millis", 1), ("secs", 1_000), ("mins", 60_000), ("hours", 3_600_000)] {
            let inner = expression.strip_prefix(&format!("Duration::from_{unit}("));
            if let Some(inner) = inner.and_then(|inner| inner.strip_suffix(')')) {
                return Some(Value::Milliseconds(self.count(inner)? * ms));
            }
        }
        match self.0.get(expression) {
            Some(value) => Some(*value),
            None => self.count(expression).map(Value::Count),
        }
    }

    fn count(&self, expression: &str) -> Option<u64> {
        expression.split('+').map(|term| self.product(term)).sum()
    }

    fn product(&self, term: &str) -> Option<u64> {
        term.split('*').map(|factor| self.factor(factor.trim())).product()
    }

    fn factor(&self, factor: &str) -> Option<u64> {
        match self.0.get(factor) {
            Some(Value::Count(count)) => Some(*count),
            Some(Value::Milliseconds(_)) => None,
            None => factor.replace('_', "").parse().ok(),
        }
    }
}

/// A number with a comma between each three digits.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time in the largest unit that leaves no rest.
fn duration(ms: u64) -> String {
    for (unit, unit_ms) in [("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000)] {
        if ms > 0 && ms.is_multiple_of(unit_ms) {
            let count = ms / unit_ms;
            return format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
        }
    }
    if ms > 0 && ms.is_multiple_of(1_000) {
        return format!("{} s", ms / 1_000);
    }
    format!("{ms} ms")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_shown_as_people_write_its_value() {
        let constants = [("LINES", "100"), ("WAIT", "Duration::from_secs(5)")];
        let values = Values::of(constants.into_iter());
        for (expression, expected) in [
            ("4096", "4,096"),
            ("64 * 1024", "65,536"),
            ("LINES + 2 * 10", "120"),
            ("1_024", "1,024"),
            ("Duration::from_millis(250)", "250 ms"),
            ("Duration::from_secs(10)", "10 s"),
            ("Duration::from_mins(1)", "1 minute"),
            ("Duration::from_hours(30 * 24)", "30 days"),
            ("WAIT", "5 s"),
            ("size_of::<u8>()", "`size_of::<u8>()`"),
            ("LINES + WAIT", "`LINES + WAIT`"),
        ] {
            assert_eq!(values.show(expression), expected, "{expression}");
        }
    }
}
