//! A PostgreSQL server of our own on this machine, of Debian's package: for databases of tests, and gone with the process that
//! started it. It is the real one: no stand-in would refuse what PostgreSQL refuses.
//!
//! It listens on a socket in a folder of its own and on a port of 127.0.0.1. The user `postgres` needs no password; of other roles
//! one is asked for, and the role [`UNLISTED`] is refused by its `pg_hba.conf`.

mod programs;

use programs::Programs;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

/// The role that `pg_hba.conf` lets in nowhere, once somebody has made it.
pub const UNLISTED: &str = "unlisted";

/// Makes a cluster in the folder `$2` with the programs of `$1`, starts it on a socket there and the port `$3`, says that it is
/// ready, and obeys what it is told on its own input, until that ends: it does when our process ends, however it ends. Then server
/// and folder go.
const WATCH: &str = r#"
trap '' INT TERM HUP
exec 2>"$2/log" 3>&1 >"$2/log"
start() {
  "$1/postgres" -D "$2/data" -k "$2" -c listen_addresses=127.0.0.1 -c port="$3" -c fsync=off -c synchronous_commit=off \
    -c full_page_writes=off -c shared_buffers=16MB </dev/null 3>&- &
  server=$!
  until "$1/pg_isready" --quiet --host="$2" --port="$3"; do
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
cp "$2/hba" "$2/data/pg_hba.conf" || exit 1
start "$1" "$2" "$3"
while read -r order; do
  case $order in
    stop) stop INT; server=; echo stopped >&3 ;;
    start) start "$1" "$2" "$3" ;;
  esac
done
[ -z "$server" ] || stop QUIT
cd / && rm -rf "$2"
"#;

const HBA: &str = "\
local all postgres trust
host all postgres 127.0.0.1/32 trust
local all unlisted reject
host all unlisted 127.0.0.1/32 reject
local all all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
";

/// Another program may take a port that was free a moment ago.
const ATTEMPTS: usize = 3;

/// A server. It is stopped when this is dropped, or its process ends.
#[derive(Debug)]
pub struct Server {
    programs: Programs,
    folder: PathBuf,
    port: u16,
    watch: Child,
    said: BufReader<ChildStdout>,
}

/// Why there is no server, or why it did not do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// It is not installed.
    #[error("no PostgreSQL here (Debian: apt-get install postgresql)")]
    Absent,
    /// It is installed and does not do what it was told.
    #[error("PostgreSQL is here and is not {wanted}: {log}")]
    Silent {
        /// What it should have said.
        wanted: &'static str,
        /// Its log.
        log: String,
    },
    /// A statement failed.
    #[error("PostgreSQL refuses {what}: {said}")]
    Refused {
        /// The statement, or the file of statements.
        what: String,
        /// What it said.
        said: String,
    },
    /// This machine did not let us.
    #[error("PostgreSQL cannot be started: {0}")]
    Io(#[from] io::Error),
}

impl Server {
    /// Starts one.
    ///
    /// # Errors
    /// [`PostgresError::Absent`] where it is not installed; otherwise why it does not start.
    pub fn start() -> Result<Self, PostgresError> {
        let programs = Programs::newest().ok_or(PostgresError::Absent)?;
        let mut last = PostgresError::Absent;
        for _ in 0..ATTEMPTS {
            match Self::start_with(&programs) {
                Ok(server) => return Ok(server),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// The one server of this process, started when it is first asked for.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn shared() -> Result<&'static Self, &'static PostgresError> {
        static SHARED: OnceLock<Result<Server, PostgresError>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref()
    }

    fn start_with(programs: &Programs) -> Result<Self, PostgresError> {
        // A socket's path has at most 107 bytes.
        let folder = tempfile::Builder::new()
            .prefix("voice-ai-pg-")
            .permissions(fs::Permissions::from_mode(0o755))
            .tempdir_in("/tmp")?
            .keep();
        fs::write(folder.join("hba"), HBA)?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut command = match programs::unprivileged() {
            None => Command::new("sh"),
            Some(user) => {
                chown(&folder, Some(user), Some(user))?;
                let mut command = Command::new("setpriv");
                command
                    .arg(format!("--reuid={user}"))
                    .arg(format!("--regid={user}"))
                    .args(["--clear-groups", "sh"]);
                command
            }
        };
        let mut watch = command
            .args(["-c", WATCH, "sh"])
            .args([programs.folder(), &folder])
            .arg(port.to_string())
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let said = watch
            .stdout
            .take()
            .ok_or(io::ErrorKind::BrokenPipe)
            .map_err(io::Error::from)?;
        let mut server = Self {
            programs: programs.clone(),
            folder,
            port,
            watch,
            said: BufReader::new(said),
        };
        if let Err(error) = server.expect("ready") {
            let _ = fs::remove_dir_all(&server.folder);
            return Err(error);
        }
        Ok(server)
    }

    /// The URL of a database of it, as `postgres`; the database `postgres` is there from the beginning.
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgres://postgres@localhost:{}/{database}?host={}",
            self.port,
            self.folder.display()
        )
    }

    /// The folder of its socket.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its port, of 127.0.0.1 and of the socket's name.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Carries out statements in a database, as `postgres`.
    ///
    /// # Errors
    /// What the server says against them.
    pub fn run(&self, database: &str, statements: &str) -> Result<(), PostgresError> {
        self.psql(database, &["--command", statements], statements)
    }

    /// Carries out a file of statements, such as a dump, in a database, as `postgres`.
    ///
    /// # Errors
    /// What the server says against them.
    pub fn load(&self, database: &str, file: &Path) -> Result<(), PostgresError> {
        let file = file.to_string_lossy();
        self.psql(database, &["--file", &file], &file)
    }

    /// Stops it as an operator does: who is connected is thrown out.
    ///
    /// # Errors
    /// When it does not.
    pub fn stop(&mut self) -> Result<(), PostgresError> {
        self.order("stop", "stopped")
    }

    /// Starts it again.
    ///
    /// # Errors
    /// When it does not.
    pub fn start_again(&mut self) -> Result<(), PostgresError> {
        self.order("start", "ready")
    }

    fn psql(&self, database: &str, what: &[&str], named: &str) -> Result<(), PostgresError> {
        let output = Command::new(self.programs.folder().join("psql"))
            .args([
                "--no-psqlrc",
                "--quiet",
                "--set=ON_ERROR_STOP=1",
                "--username=postgres",
            ])
            .arg(format!("--host={}", self.folder.display()))
            .arg(format!("--port={}", self.port))
            .arg(format!("--dbname={database}"))
            .args(what)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .output()?;
        if output.status.success() {
            return Ok(());
        }
        Err(PostgresError::Refused {
            what: named.into(),
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    fn order(&mut self, order: &str, answer: &'static str) -> Result<(), PostgresError> {
        if let Some(input) = &mut self.watch.stdin {
            writeln!(input, "{order}")?;
        }
        self.expect(answer)
    }

    fn expect(&mut self, wanted: &'static str) -> Result<(), PostgresError> {
        let mut said = String::new();
        self.said.read_line(&mut said)?;
        if said.trim() == wanted {
            return Ok(());
        }
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        Err(PostgresError::Silent { wanted, log })
    }
}
