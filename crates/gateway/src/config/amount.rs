//! Money, exactly: what engines may cost.

use super::error::ConfigError;
use super::node::{Node, Value};
use super::read::{Read, Reading};

const MICROS: u64 = 1_000_000;
/// As many digits as a millionth has.
const DECIMALS: usize = 6;

/// An amount of the operator's unit of currency, to the millionth. No floating point: amounts are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Amount(u64);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// In millionths of the unit.
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// Reads `2`, `2.5` or `0.000125`.
    fn parse(text: &str) -> Option<Self> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || decimals.len() > DECIMALS {
            return None;
        }
        let part: u64 = format!("{decimals:0<DECIMALS$}").parse().ok()?;
        let whole: u64 = whole.parse().ok()?;
        Some(Self(whole.checked_mul(MICROS)?.checked_add(part)?))
    }
}

impl Read for Amount {
    fn read(node: Node, reading: &mut Reading) -> Option<Self> {
        let amount = match &node.value {
            Value::Integer(number) => Self::parse(&number.to_string()),
            Value::Text(text) | Value::Other(text) => Self::parse(text),
            _ => None,
        };
        if amount.is_none() {
            let problem = format!(
                "{} is not an amount; write units of your currency with up to six decimals, such as 25 or \"2.50\"",
                node.value.describe()
            );
            reading.refuse(ConfigError::Value {
                at: node.at,
                key: node.path,
                problem,
            });
        }
        amount
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_exact_to_the_millionth() {
        for (text, micros) in [
            ("0", 0),
            ("25", 25_000_000),
            ("2.5", 2_500_000),
            ("0.000125", 125),
            ("0.1", 100_000),
        ] {
            assert_eq!(Amount::parse(text), Some(Amount(micros)), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in [
            "",
            "-1",
            "1,5",
            "1e3",
            ".5",
            "1.",
            "0.1234567",
            "99999999999999999999",
            "25 EUR",
        ] {
            assert_eq!(Amount::parse(text), None, "{text}");
        }
    }
}
