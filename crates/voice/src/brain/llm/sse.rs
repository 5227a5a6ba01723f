//! Server-sent events out of bytes that are cut anywhere (WHATWG HTML, 9.2 "Server-sent events").

/// The longest line that is still taken for an event.
const LONGEST_LINE: usize = 1 << 20;

/// Collects bytes and gives the data of whole events.
#[derive(Debug, Default)]
pub(super) struct Events {
    line: Vec<u8>,
    data: Option<String>,
    /// The last byte was a carriage return, so a line feed after it ends no other line.
    after_return: bool,
}

/// A line that never ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl Events {
    /// Adds bytes; `take` gets the data of each event that they complete.
    pub(super) fn push(&mut self, bytes: &[u8], mut take: impl FnMut(String)) -> Result<(), TooLong> {
        for byte in bytes {
            match byte {
                b'\n' if self.after_return => self.after_return = false,
                b'\n' | b'\r' => {
                    self.after_return = *byte == b'\r';
                    take_line(&mut self.line, &mut self.data, &mut take);
                }
                _ => {
                    self.after_return = false;
                    self.line.push(*byte);
                }
            }
            if self.line.len() > LONGEST_LINE {
                return Err(TooLong);
            }
        }
        Ok(())
    }

    /// What is left where the stream ends without the empty line.
    pub(super) fn finish(&mut self) -> Option<String> {
        take_line(&mut self.line, &mut self.data, &mut |_| {});
        self.data.take()
    }
}

fn take_line(line: &mut Vec<u8>, data: &mut Option<String>, take: &mut impl FnMut(String)) {
    if line.is_empty() {
        if let Some(data) = data.take() {
            take(data);
        }
        return;
    }
    let text = String::from_utf8_lossy(line);
    // Comments (": keep-alive") and other fields say nothing here.
    if let Some(value) = text.strip_prefix("data:") {
        let value = value.strip_prefix(' ').unwrap_or(value);
        match data {
            Some(data) => {
                data.push('\n');
                data.push_str(value);
            }
            None => *data = Some(value.into()),
        }
    }
    line.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = ": hello\n\ndata: {\"a\":\"ção\"}\n\nevent: x\nid: 7\ndata:two\r\ndata: lines\r\n\r\n:\rdata: 3\r\rdata: [DONE]";
    const DATA: [&str; 4] = ["{\"a\":\"ção\"}", "two\nlines", "3", "[DONE]"];

    #[test]
    fn events_are_the_same_wherever_the_bytes_are_cut() {
        for size in 1..=STREAM.len() {
            let mut events = Events::default();
            let mut data = Vec::new();
            for piece in STREAM.as_bytes().chunks(size) {
                events.push(piece, |event| data.push(event)).unwrap();
            }
            data.extend(events.finish());
            assert_eq!(data, DATA, "in pieces of {size}");
        }
    }

    #[test]
    fn a_line_that_never_ends_is_refused() {
        let mut events = Events::default();
        assert_eq!(events.push(&vec![b'x'; LONGEST_LINE + 1], |_| {}), Err(TooLong));
    }
}
