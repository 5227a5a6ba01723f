//! A PostgreSQL server of our own: one for all tests of this process, a database for each.

use sqlx::{Connection as _, PgConnection};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use uuid::Uuid;

/// Makes a cluster in the folder `$2` with the programs of `$1`, starts it on a socket there, says that it is ready, and waits for
/// the end of its own input: that comes when the tests' process ends, however it ends. Then server and folder go.
const WATCH: &str = r#"
trap '' INT TERM HUP
exec 2>"$2/log" 3>&1 >"$2/log"
"$1/initdb" --pgdata="$2/data" --username=postgres --auth=trust --no-sync --encoding=UTF8 --locale=C || exit 1
"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
  -c shared_buffers=16MB </dev/null 3>&- &
server=$!
until "$1/pg_isready" --quiet --host="$2"; do
  kill -0 "$server" || exit 1
  sleep 0.05
done
echo ready >&3
exec 3>&-
cat >/dev/null
kill -QUIT "$server"
wait "$server"
cd / && rm -rf "$2"
"#;

struct Server {
    folder: PathBuf,
    /// Its input is never written to: it ends with this process.
    _watch: Child,
}

static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();

/// The URL of an empty database, or why there is none.
pub(crate) async fn database() -> Result<String, String> {
    let server = SERVER.get_or_init(start).as_ref().map_err(Clone::clone)?;
    let url = |database: &str| {
        format!(
            "postgres://postgres@localhost/{database}?host={}",
            server.folder.display()
        )
    };
    let name = format!("test_{}", Uuid::new_v4().simple());
    let mut connection = PgConnection::connect(&url("postgres")).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    Ok(url(&name))
}

fn start() -> Result<Server, String> {
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
    let mut said = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut said)
        .unwrap();
    if said.trim() != "ready" {
        let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
        panic!("PostgreSQL is here and does not start: {log}");
    }
    Ok(Server {
        folder,
        _watch: child,
    })
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
