//! How a stream is closed, byte for byte.

use crate::site::{AMIGNITER, SPTMRU, Site, closed};
use tokio::io::AsyncWriteExt;

/// A close frame of a client, masked with zeroes.
fn close(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x88, 0x80 | payload.len() as u8, 0, 0, 0, 0];
    frame.extend_from_slice(payload);
    frame
}

#[tokio::test]
async fn a_good_bye_is_answered_before_the_connection_goes() {
    let site = Site::start("").await;
    for (request, payload, answer) in [
        (AMIGNITER, &[0x03, 0xe8][..], &[0x88, 2, 0x03, 0xe8][..]),
        (SPTMRU, &[], &[0x88, 0]),
    ] {
        // The first frame is awaited in another place than those after it.
        for before in [&[][..], &[0x82, 0x82, 0, 0, 0, 0, 1, 0]] {
            let (answered, mut stream) = site.call(request).await;
            assert_eq!(answered.status, 101, "{answered:?}");
            stream.write_all(before).await.unwrap();
            stream.write_all(&close(payload)).await.unwrap();
            let seen = closed(&mut stream).await;
            assert!(seen.ends_with(answer), "{seen:x?}");
            site.empty().await;
        }
    }
}
