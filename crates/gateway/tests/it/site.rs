//! A node of its own for each test, and raw HTTP to it: byte for byte what modules and strangers send.

use crate::replays::Folder;
use gateway::{Config, Gateway, Running};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The upgrade requests as captured from both modules.
pub(crate) const AMIGNITER: &str = include_str!("../data/amigniter-ec2a781_upgrade_request.txt");
pub(crate) const SPTMRU: &str = include_str!("../data/sptmru-5f179d6_upgrade_request.txt");

/// The path in both of them.
pub(crate) const PATH: &str =
    "/stream/11111111-2222-4333-8444-555555555555/aaaaaaaa-bbbb-4ccc-8ddd-000000000001";

/// Nothing here takes so long unless it is broken.
const LIMIT: Duration = Duration::from_secs(10);

/// A gateway whose domain is the sample's and whose secretary echoes.
pub(crate) struct Site {
    pub(crate) running: Running,
    folder: Folder,
}

/// An HTTP answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Site {
    /// `keys` are lines of dotted keys that go before the defaults of a test.
    pub(crate) async fn start(keys: &str) -> Self {
        Self::launch(keys, "").await
    }

    /// The same with further sections.
    pub(crate) async fn launch(keys: &str, sections: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let secretary = "name = \"echo\"\nlanguage = \"en\"\nengine = \"loopback\"\ngreeting = { text = \"\" }\n\
             phrases = { reprompts = [], farewell = \"\", apology = \"\", backchannels = [\"uhum\"] }\n";
        std::fs::write(folder.path().join("echo.toml"), secretary).unwrap();
        let mut text = String::from(keys);
        let data = format!("{:?}", folder.path().join("data"));
        let defaults = [
            ("server.listen", "\"127.0.0.1:0\""),
            ("server.control", "\"127.0.0.1:0\""),
            ("vad.enabled", "false"),
            ("stt.model", "\"\""),
            ("data.dir", &data),
        ];
        for (key, value) in defaults
            .into_iter()
            .filter(|(key, _)| !keys.contains(&format!("{key} =")))
        {
            text.push_str(&format!("\n{key} = {value}"));
        }
        text.push_str(&format!(
            "\nsecretaries.dir = {:?}\n[[domains]]\ndefault_secretary = \"echo\"\nmax_calls = 3\n{sections}",
            folder.path()
        ));
        let environment = [("SITE_TOKEN".to_owned(), "s3cret".to_owned())];
        let config = Config::parse(Some(("test.toml", &text)), environment).unwrap();
        let running = Gateway::start(config).await.unwrap();
        Self {
            running,
            folder: Folder(folder),
        }
    }

    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// Sends these bytes to the stream listener and reads the answer.
    pub(crate) async fn send(&self, request: &str) -> Answer {
        let mut socket = self.connect().await;
        socket.write_all(request.as_bytes()).await.unwrap();
        read(&mut socket).await
    }

    /// What somebody is told who may not enter. Nobody is told for long, and on a busy machine a request may come too late for that:
    /// then it is sent again.
    pub(crate) async fn turned_away(&self, request: &str) -> Answer {
        let told = async {
            loop {
                let mut socket = self.connect().await;
                if socket.write_all(request.as_bytes()).await.is_ok()
                    && let Some(answer) = read_if_any(&mut socket).await
                {
                    return answer;
                }
            }
        };
        timeout(LIMIT, told).await.expect("an answer")
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.running.stream_addr()).await.unwrap()
    }

    /// Opens a stream and keeps it.
    pub(crate) async fn call(&self, request: &str) -> (Answer, TcpStream) {
        let mut socket = self.connect().await;
        socket.write_all(request.as_bytes()).await.unwrap();
        let answer = read(&mut socket).await;
        (answer, socket)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        get(self.running.stream_addr(), path, "").await
    }

    pub(crate) async fn control(&self, path: &str, headers: &str) -> Answer {
        get(self.running.control_addr(), path, headers).await
    }

    pub(crate) fn metrics(&self) -> String {
        self.running.metrics().text().unwrap()
    }

    /// Waits until no call lives.
    pub(crate) async fn empty(&self) {
        let empty = async {
            while !self.metrics().contains("voice_ai_calls_live 0") {
                tokio::task::yield_now().await;
            }
        };
        timeout(LIMIT, empty).await.expect("the calls end");
    }

    pub(crate) async fn ended(self) {
        timeout(LIMIT, self.running.wait())
            .await
            .expect("the gateway ends");
    }
}

/// A GET as curl sends it; `headers` are whole lines.
pub(crate) async fn get(addr: SocketAddr, path: &str, headers: &str) -> Answer {
    let mut socket = TcpStream::connect(addr).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {addr}\r\nUser-Agent: curl/8.0\r\n{headers}\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    read(&mut socket).await
}

/// Reads one answer: its head, and of a body as much as it announces.
pub(crate) async fn read(socket: &mut TcpStream) -> Answer {
    match read_if_any(socket).await {
        Some(answer) => answer,
        None => panic!("closed without an answer"),
    }
}

/// The answer, or none where the other end closes without one.
async fn read_if_any(socket: &mut TcpStream) -> Option<Answer> {
    let answer = async {
        let mut bytes = Vec::new();
        let head_end = loop {
            if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            // Who is not read to the end is closed by a reset.
            match socket.read_buf(&mut bytes).await {
                Ok(0) | Err(_) if bytes.is_empty() => return None,
                Ok(0) | Err(_) => panic!("the head was cut: {:?}", String::from_utf8_lossy(&bytes)),
                Ok(_) => {}
            }
        };
        let mut answer = Answer {
            status: 0,
            head: String::from_utf8(bytes[..head_end].to_vec()).unwrap(),
            body: String::new(),
        };
        answer.status = answer.head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = answer
            .header("content-length")
            .map_or(0, |text| text.parse::<usize>().unwrap());
        while bytes.len() < head_end + length {
            assert!(socket.read_buf(&mut bytes).await.unwrap() > 0, "the body was cut");
        }
        answer.body = String::from_utf8(bytes[head_end..head_end + length].to_vec()).unwrap();
        Some(answer)
    };
    timeout(LIMIT, answer).await.expect("an answer")
}

/// Waits until the other end closes, and returns what came before that.
pub(crate) async fn closed(socket: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A reset closes as well.
    let _ = timeout(LIMIT, socket.read_to_end(&mut bytes))
        .await
        .expect("the connection is closed");
    bytes
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .next()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        serde_json::from_str(&self.body).unwrap()
    }

    /// The refusal's explanation: what is wrong, and what would be right.
    pub(crate) fn explanation(&self) -> String {
        let json = self.json();
        let part = |key: &str| {
            let text = json[key].as_str().unwrap_or_default().to_owned();
            assert!(!text.is_empty(), "no {key}: {self:?}");
            text
        };
        format!("{} / {}", part("error"), part("remedy"))
    }
}

/// The request with another path.
pub(crate) fn to(request: &str, path: &str) -> String {
    assert!(request.contains(PATH));
    request.replacen(PATH, path, 1)
}

/// The request with one more header line.
pub(crate) fn with(request: &str, line: &str) -> String {
    let end = request.len() - "\r\n".len();
    format!("{}{line}\r\n\r\n", &request[..end])
}
