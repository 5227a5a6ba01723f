//! What engines charge, by kind of token.

use super::amount::Amount;
use super::read::section;
use voice::Usage;

section! {
    /// What the realtime API charges for a million tokens of each kind. Without prices a call costs 0.
    RealtimePrices {
        /// Text read.
        text_in: Amount = Amount::ZERO,
        /// Text read from the provider's cache.
        text_cached: Amount = Amount::ZERO,
        /// Text written.
        text_out: Amount = Amount::ZERO,
        /// Sound heard.
        audio_in: Amount = Amount::ZERO,
        /// Sound read from the provider's cache.
        audio_cached: Amount = Amount::ZERO,
        /// Sound spoken.
        audio_out: Amount = Amount::ZERO,
        /// Read in order to write down the caller's words.
        transcription_in: Amount = Amount::ZERO,
        /// The caller's words written down.
        transcription_out: Amount = Amount::ZERO,
        /// A minute written down, for a model that is charged by time.
        transcription_minute: Amount = Amount::ZERO,
        /// A minute of a session, for an engine that is charged by its length.
        session_minute: Amount = Amount::ZERO,
    }
}

section! {
    /// What the chat endpoint charges for a million tokens of each kind. Without prices a call costs 0, and the endpoint is not
    /// asked for its count.
    ChatPrices {
        /// Text read.
        text_in: Amount = Amount::ZERO,
        /// Text read from the provider's cache.
        text_cached: Amount = Amount::ZERO,
        /// Text written.
        text_out: Amount = Amount::ZERO,
    }
}

const MILLION: u128 = 1_000_000;
const MINUTE_MS: u128 = 60_000;

impl RealtimePrices {
    /// Whether nothing is charged.
    pub fn are_none(&self) -> bool {
        *self == Self::default()
    }

    /// What that costs, in millionths of the unit of currency, rounded up.
    pub fn cost_micros(&self, usage: &Usage) -> u64 {
        let tokens = [
            (usage.text_in, self.text_in),
            (usage.text_cached, self.text_cached),
            (usage.text_out, self.text_out),
            (usage.audio_in, self.audio_in),
            (usage.audio_cached, self.audio_cached),
            (usage.audio_out, self.audio_out),
            (usage.transcription_in, self.transcription_in),
            (usage.transcription_out, self.transcription_out),
        ];
        let by_token: u128 = tokens.iter().map(|(count, price)| product(*count, *price)).sum();
        let by_time = product(usage.transcription_ms, self.transcription_minute)
            + product(usage.session_ms, self.session_minute);
        let micros = by_token.div_ceil(MILLION) + by_time.div_ceil(MINUTE_MS);
        u64::try_from(micros).unwrap_or(u64::MAX)
    }
}

impl ChatPrices {
    /// Whether nothing is charged.
    pub fn are_none(&self) -> bool {
        *self == Self::default()
    }

    /// The same as prices of an engine that hears nothing.
    pub fn of_text(&self) -> RealtimePrices {
        RealtimePrices {
            text_in: self.text_in,
            text_cached: self.text_cached,
            text_out: self.text_out,
            ..RealtimePrices::default()
        }
    }
}

fn product(count: u64, price: Amount) -> u128 {
    u128::from(count) * u128::from(price.micros())
}

#[cfg(test)]
mod tests {
    use crate::Config;
    use voice::Usage;

    #[test]
    fn a_million_tokens_cost_their_price_and_parts_of_a_millionth_are_rounded_up() {
        let text = "[openai]\nprices = { text_in = 4, audio_out = 64.5, transcription_minute = \"0.006\" }\n";
        let prices = Config::parse(Some(("test.toml", text)), [])
            .unwrap()
            .openai
            .prices;
        let cost = |usage| prices.cost_micros(&usage);
        let million = Usage {
            text_in: 1_000_000,
            text_out: 1_000_000,
            ..Usage::default()
        };
        assert_eq!(cost(million), 4_000_000, "what has no price is free");
        let little = Usage {
            text_in: 3,
            audio_out: 1,
            ..Usage::default()
        };
        assert_eq!(cost(little), 77, "12 + 64.5");
        let minute_and_a_half = Usage {
            transcription_ms: 90_000,
            ..Usage::default()
        };
        assert_eq!(cost(minute_and_a_half), 9_000);
        assert_eq!(cost(Usage::default()), 0);
    }
}
