//! A form with a file (RFC 7578).

/// Between the parts. No sound has these bytes by chance: 122 bits of it were drawn at random.
const BOUNDARY: &str = "voice-ai-9f1c6a0e-52d7-4e0b-8a3d-6b7f40c2d915";

/// The content type of a form.
pub(super) fn content_type() -> String {
    format!("multipart/form-data; boundary={BOUNDARY}")
}

/// The body of a form: a WAV file under `file`, and texts.
pub(super) fn form(file: &[u8], texts: &[(&str, &str)]) -> Vec<u8> {
    let mut body = Vec::with_capacity(file.len() + 1024);
    for (name, text) in texts {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(text.as_bytes());
        body.extend_from_slice(b"\r\n");
    }
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"speech.wav\"\r\nContent-Type: audio/wav\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body
}
