//! One PostgreSQL server on a socket in a temporary folder, which can be stopped and started again.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

/// Makes a cluster in the folder `$2` with the programs of `$1`, starts it on a socket there, says that it is ready, and obeys what
/// it is told on its own input, until that ends: it does when the tests' process ends, however it ends. Then server and folder go.
const WATCH: &str = r#"
trap '' INT TERM HUP
exec 2>"$2/log" 3>&1 >"$2/log"
start() {
  "$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
    -c shared_buffers=16MB </dev/null 3>&- &
  server=$!
  until "$1/pg_isready" --quiet --host="$2"; do
    kill -0 "$server" || exit 1
    sleep 0.05
  done
  echo ready >&3
}
stop() {
  kill "-$1" "$server"
  wait "$server"
}
"$1/initdb" --pgdata="$2/data" --username=postgres --auth=trust --no-sync --encoding=UTF8 --locale=C || exit 1
start "$1" "$2"
while read -r order; do
  case $order in
    stop) stop INT; server=; echo stopped >&3 ;;
    start) start "$1" "$2" ;;
  esac
done
[ -z "$server" ] || stop QUIT
cd / && rm -rf "$2"
"#;

/// It is stopped when this is dropped, or its process ends.
pub(crate) struct Server {
    folder: PathBuf,
    watch: Child,
    said: BufReader<ChildStdout>,
}

impl Server {
    /// Starts one, or says why there is none.
    pub(crate) fn start() -> Result<Self, String> {
        let programs = programs().ok_or("no PostgreSQL here (Debian: apt-get install postgresql)")?;
        // A socket's path has at most 107 bytes.
        let folder = tempfile::Builder::new()
            .prefix("voice-ai-pg-")
            .tempdir_in("/tmp")
            .unwrap()
            .keep();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = match unprivileged() {
            None => Command::new("sh"),
            Some(user) => {
                chown(&folder, Some(user), Some(user)).unwrap();
                let mut command = Command::new("setpriv");
                command
                    .arg(format!("--reuid={user}"))
                    .arg(format!("--regid={user}"))
                    .args(["--clear-groups", "sh"]);
                command
            }
        };
        let mut child = command
            .args(["-c", WATCH, "sh"])
            .args([&programs, &folder])
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        let mut server = Self {
            folder,
            watch: child,
            said,
        };
        server.expect("ready");
        Ok(server)
    }

    /// The URL of a database of it; `postgres` is there from the beginning.
    pub(crate) fn url(&self, database: &str) -> String {
        format!(
            "postgres://postgres@localhost/{database}?host={}",
            self.folder.display()
        )
    }

    /// Stops it as an operator does: who is connected is thrown out.
    pub(crate) fn stop(&mut self) {
        self.order("stop", "stopped");
    }

    /// Starts it again.
    pub(crate) fn start_again(&mut self) {
        self.order("start", "ready");
    }

    fn order(&mut self, order: &str, answer: &str) {
        writeln!(self.watch.stdin.as_mut().unwrap(), "{order}").unwrap();
        self.expect(answer);
    }

    fn expect(&mut self, answer: &str) {
        let mut said = String::new();
        self.said.read_line(&mut said).unwrap();
        if said.trim() != answer {
            let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            panic!("PostgreSQL is here and is not {answer}: {log}");
        }
    }
}

/// The folder of the newest version's programs.
fn programs() -> Option<PathBuf> {
    let mut versions: Vec<_> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let programs = entry.path().join("bin");
            programs.join("initdb").is_file().then_some((version, programs))
        })
        .collect();
    versions.sort();
    versions.pop().map(|(_, programs)| programs)
}

/// PostgreSQL refuses to run as root: then the user of its package, by its number.
fn unprivileged() -> Option<u32> {
    let number = |arguments: &[&str]| -> Option<u32> {
        let output = Command::new("id").args(arguments).output().unwrap();
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    let is_root = number(&["-u"]) == Some(0);
    // Debian's "nobody" is 65534.
    is_root.then(|| number(&["-u", "postgres"]).unwrap_or(65_534))
}
