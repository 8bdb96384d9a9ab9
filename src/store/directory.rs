//! The store's directory, for its user alone: what another user could have put there, or could replace, is refused.

use super::StoreError;
use super::redb::of_io;
use rustix::process::Uid;
use std::fs::{DirBuilder, Metadata, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Write rights of everybody.
const OTHERS_WRITE: u32 = 0o002;
/// In a directory with this bit, only its owner may rename or remove a file.
const STICKY: u32 = 0o1000;
/// All that is not the owner's.
const NOT_OWNER: u32 = 0o077;
/// How the directory of a store is called that is found upwards, and so is meant to be one.
const FOUND_UPWARDS: &str = ".durun";
/// A file system has this at its top.
const OF_FILE_SYSTEM: &str = "lost+found";
/// What durun puts directly into the directory.
const OURS: [&str; 9] = [
    "store.redb",
    "store.redb.new",
    "store.closed",
    "owner.lock",
    "sock",
    "workers",
    "children",
    "output",
    "exec",
];

/// Makes the directory where there is none, and gives its real path once it can be trusted. Rights that are too wide are taken
/// back: 0700 for the directory, 0600 for the file.
///
/// # Errors
/// `Permission` where it belongs to another user, lies below a directory in which anybody could replace it, is open to others for
/// other things, holds a link or another user's file in the place of one of durun's, or lies on a network file system; `Io`.
pub(super) fn prepare(directory: &Path) -> Result<PathBuf, StoreError> {
    let us = rustix::process::geteuid();
    let failed = |error: std::io::Error| of_io(&error, &directory.display().to_string());
    if !directory.is_dir() {
        let there = directory.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("."));
        let there = if there.as_os_str().is_empty() { Path::new(".") } else { there };
        check_above(&there.canonicalize().map_err(failed)?)?;
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
    }
    let directory = directory.canonicalize().map_err(failed)?;
    let facts = directory.metadata().map_err(failed)?;
    check_owner(&directory, &facts, us)?;
    if let Some(above) = directory.parent() {
        check_above(above)?;
    }
    check_file_system(&directory)?;
    check_use(&directory, &facts)?;
    tighten(&directory, &facts)?;
    check_content(&directory, us)?;
    Ok(directory)
}

/// Whether a store may be looked at where nothing is made or changed: it and each of durun's files in it are this user's, and no link.
///
/// # Errors
/// `Permission`, `Io`.
pub(super) fn look(directory: &Path) -> Result<(), StoreError> {
    let us = rustix::process::geteuid();
    let facts = directory.metadata().map_err(|error| of_io(&error, &directory.display().to_string()))?;
    check_owner(directory, &facts, us)?;
    each_of_ours(directory, |path, facts| check_owner(path, facts, us))
}

fn refuse(path: &Path, message: String) -> StoreError {
    StoreError::Permission { path: path.display().to_string(), message }
}

/// Nobody else's: not even root opens a store of another user, whose scripts it would execute.
fn check_owner(path: &Path, facts: &Metadata, us: Uid) -> Result<(), StoreError> {
    if facts.uid() == us.as_raw() {
        return Ok(());
    }
    let message = format!(
        "it belongs to user {}, and this process is user {}; a store is used by its owner alone",
        facts.uid(),
        us.as_raw()
    );
    Err(refuse(path, message))
}

/// No directory on the way is one in which everybody may rename what he likes.
fn check_above(path: &Path) -> Result<(), StoreError> {
    for above in path.ancestors() {
        let facts = above.metadata().map_err(|error| of_io(&error, &above.display().to_string()))?;
        if facts.mode() & OTHERS_WRITE != 0 && facts.mode() & STICKY == 0 {
            let place = above.display();
            let message = format!(
                "everybody may write to it, and so put another store in the place of yours; type: chmod o-w {place}"
            );
            return Err(refuse(above, message));
        }
    }
    Ok(())
}

/// NFS, SMB, CIFS, SMB2, AFS, Ceph, 9P (statfs(2)).
const NETWORK_FILE_SYSTEMS: [i64; 7] =
    [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42, 0x5346_414f, 0x00c3_6400, 0x0102_1997];

fn check_file_system(directory: &Path) -> Result<(), StoreError> {
    let kind = rustix::fs::statfs(directory).map(|facts| facts.f_type);
    if kind.is_ok_and(|kind| NETWORK_FILE_SYSTEMS.contains(&kind)) {
        let message = "it lies on a network file system, where locks do not hold; choose a local directory";
        return Err(refuse(directory, message.to_owned()));
    }
    Ok(())
}

/// A directory that others may look into for what else is in it is not taken away from them.
fn check_use(directory: &Path, facts: &Metadata) -> Result<(), StoreError> {
    let is_meant = directory.file_name().is_some_and(|name| name == FOUND_UPWARDS);
    let holds = |name: &str| directory.join(name).symlink_metadata().is_ok();
    if facts.mode() & NOT_OWNER == 0 || is_meant || OURS.into_iter().any(holds) {
        return Ok(());
    }
    let entries =
        std::fs::read_dir(directory).map_err(|error| of_io(&error, &directory.display().to_string()))?;
    let is_other = |entry: std::fs::DirEntry| entry.file_name() != OF_FILE_SYSTEM;
    if facts.mode() & STICKY == 0 && !entries.flatten().any(is_other) {
        return Ok(());
    }
    let message = format!(
        "it is open to other users and holds other things, and the directory of a store is for its user alone; name one in it: --store {}",
        directory.join("store").display()
    );
    Err(refuse(directory, message))
}

fn tighten(path: &Path, facts: &Metadata) -> Result<(), StoreError> {
    if facts.mode() & NOT_OWNER == 0 {
        return Ok(());
    }
    let narrow = Permissions::from_mode(facts.mode() & 0o7777 & !NOT_OWNER);
    std::fs::set_permissions(path, narrow).map_err(|error| of_io(&error, &path.display().to_string()))
}

/// From here on nobody else can put anything into the directory; what was put there before is looked at.
fn check_content(directory: &Path, us: Uid) -> Result<(), StoreError> {
    each_of_ours(directory, |path, facts| {
        check_owner(path, facts, us)?;
        tighten(path, facts)
    })
}

/// Each thing of durun's that is there; a link is refused.
fn each_of_ours(
    directory: &Path,
    check: impl Fn(&Path, &Metadata) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    for name in OURS {
        let path = directory.join(name);
        let facts = match path.symlink_metadata() {
            Ok(facts) => facts,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(of_io(&error, &path.display().to_string())),
        };
        if facts.is_symlink() {
            return Err(refuse(&path, "it is a link; durun follows none inside a store".to_owned()));
        }
        check(&path, &facts)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("is there").mode() & 0o7777
    }

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("rights");
    }

    fn refused(directory: &Path) -> (String, String) {
        match prepare(directory) {
            Err(StoreError::Permission { path, message }) => (path, message),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn rights_that_are_too_wide_are_taken_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = folder.path().join(".durun");
        fs::create_dir_all(store.join("workers")).expect("made");
        fs::write(store.join("store.redb"), "").expect("written");
        fs::write(store.join("notes"), "the user's own").expect("written");
        chmod(&store, 0o777);
        chmod(&store.join("workers"), 0o777);
        chmod(&store.join("store.redb"), 0o666);
        chmod(&store.join("notes"), 0o644);
        assert_eq!(prepare(&store).expect("taken"), store.canonicalize().expect("a path"));
        let modes = ["", "workers", "store.redb", "notes"].map(|name| mode(&store.join(name)));
        assert_eq!(modes, [0o700, 0o700, 0o600, 0o644]);
    }

    #[test]
    fn a_directory_that_others_use_for_other_things_is_left_to_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let www = folder.path().canonicalize().expect("a path").join("www");
        fs::create_dir(&www).expect("made");
        fs::write(www.join("index.html"), "").expect("written");
        for wide in [0o755, 0o750, 0o1777] {
            chmod(&www, wide);
            let (path, message) = refused(&www);
            assert_eq!(path, www.display().to_string());
            assert!(message.ends_with(&format!("--store {path}/store")), "{message}");
            assert_eq!(mode(&www), wide, "as it was");
        }
        // It may be meant all the same.
        chmod(&www, 0o700);
        assert!(prepare(&www).is_ok());
        for (name, inside, wide) in [(".durun", ".gitignore", 0o755), ("volume", OF_FILE_SYSTEM, 0o755)] {
            let store = www.join(name);
            fs::create_dir(&store).expect("made");
            fs::write(store.join(inside), "").expect("written");
            chmod(&store, wide);
            assert!(prepare(&store).is_ok(), "{name}");
            assert_eq!(mode(&store), 0o700, "{name}");
        }
        // A place for everybody's files is nobody's store, and be it empty.
        let tmp = www.join("tmp");
        fs::create_dir(&tmp).expect("made");
        chmod(&tmp, 0o1777);
        assert_eq!(refused(&tmp).0, tmp.display().to_string());
    }

    #[test]
    fn below_a_directory_that_everybody_may_write_to_there_is_no_store() {
        let folder = tempfile::tempdir().expect("a folder");
        let open = folder.path().canonicalize().expect("a path").join("open");
        let store = open.join("deep/store");
        fs::create_dir_all(&store).expect("made");
        chmod(&open, 0o777);
        for place in [&store, &open.join("new/store")] {
            let (path, message) = refused(place);
            assert_eq!(path, open.display().to_string());
            assert!(message.ends_with(&format!("chmod o-w {path}")), "{message}");
        }
        assert!(!open.join("new").exists(), "nothing was made");
        for good in [0o1777, 0o775, 0o755] {
            chmod(&open, good);
            assert!(prepare(&store).is_ok(), "{good:o}");
        }
    }

    #[test]
    fn a_link_in_the_place_of_a_file_of_ours_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().canonicalize().expect("a path");
        let written = ["store.redb", "store.redb.new", "store.closed", "owner.lock", "sock"];
        for name in written.into_iter().chain(["workers", "children", "output", "exec"]) {
            let store = folder.join(format!("store-{name}"));
            fs::create_dir(&store).expect("made");
            symlink("/etc/passwd", store.join(name)).expect("linked");
            let (path, message) = refused(&store);
            assert_eq!(path, store.join(name).display().to_string());
            assert!(message.contains("a link"), "{message}");
            assert!(look(&store).is_err());
        }
        // The directory itself may be reached by one.
        fs::create_dir(folder.join("real")).expect("made");
        symlink("real", folder.join("link")).expect("linked");
        assert_eq!(prepare(&folder.join("link")), Ok(folder.join("real")));
    }

    #[test]
    fn what_belongs_to_another_user_is_refused_by_root_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let facts = folder.path().metadata().expect("is there");
        let us = Uid::from_raw(facts.uid());
        assert_eq!(check_owner(folder.path(), &facts, us), Ok(()));
        for other in [Uid::from_raw(facts.uid() + 1), Uid::ROOT] {
            if other != us {
                assert!(check_owner(folder.path(), &facts, other).is_err());
            }
        }
        if !us.is_root() {
            return;
        }
        let store = folder.path().canonicalize().expect("a path").join("store");
        fs::create_dir(&store).expect("made");
        fs::write(store.join("store.redb"), "").expect("written");
        std::os::unix::fs::chown(store.join("store.redb"), Some(4242), None).expect("given away");
        assert_eq!(refused(&store).0, store.join("store.redb").display().to_string());
        assert!(look(&store).is_err());
        std::os::unix::fs::chown(&store, Some(4242), None).expect("given away");
        let (path, message) = refused(&store);
        assert_eq!(path, store.display().to_string());
        assert!(look(&store).is_err());
        assert!(message.starts_with("it belongs to user 4242, and this process is user 0"), "{message}");
    }
}
