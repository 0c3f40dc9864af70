//! Messages to people leave through a folder: one file each, which a gateway beside the switch takes away.
//! An SMS is a file as SMS Server Tools reads it, an e-mail one that `sendmail -t` reads. The number of the
//! message is the name of the file, so that a message that is handed over twice is sent once.

use std::io;
use std::path::{Path, PathBuf};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sso::post::{Courier, NotSent, Outgoing, Reach};
use tokio::io::AsyncWriteExt;

/// The folder, with `sms` and `email` in it.
#[derive(Debug)]
pub(crate) struct Spool {
    folder: PathBuf,
}

impl Spool {
    /// Makes the folders that are missing; only this user may look into them.
    ///
    /// # Errors
    /// The file system's own.
    pub(crate) fn open(folder: PathBuf) -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        for sub in ["sms", "email"] {
            std::fs::DirBuilder::new().recursive(true).mode(0o770).create(folder.join(sub))?;
        }
        Ok(Self { folder })
    }

    async fn put(&self, letter: &Outgoing) -> io::Result<()> {
        let (sub, text) = match &letter.to {
            Reach::Mobile(number) => ("sms", sms(number, &letter.text)),
            Reach::Email(address) => ("email", email(address, &letter.subject, &letter.text)),
        };
        let place = self.folder.join(sub);
        // A reader never sees half a file: it takes no name that begins with a point.
        let (half, whole) = (place.join(format!(".{}", letter.id)), place.join(letter.id.to_string()));
        write(&half, text.as_bytes()).await?;
        tokio::fs::rename(&half, &whole).await
    }
}

async fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file =
        tokio::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o660).open(path).await?;
    file.write_all(bytes).await?;
    file.sync_all().await
}

/// Headers, an empty line, the text; SMS Server Tools turns it into UCS-2, in which Arabic travels.
fn sms(number: &str, text: &str) -> String {
    format!("To: {}\nAlphabet: UTF-8\n\n{text}", number.trim_start_matches('+'))
}

/// A message of RFC 5322 with its subject as RFC 2047 writes it. An address with a line break is none: it
/// could begin a header of its own.
fn email(address: &str, subject: &str, text: &str) -> String {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::STANDARD;
    let address: String = address.chars().filter(|c| !c.is_control()).collect();
    let body = engine.encode(text);
    let lines: Vec<_> = body.as_bytes().chunks(76).map(String::from_utf8_lossy).collect();
    format!(
        "To: {address}\nSubject: =?UTF-8?B?{}?=\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n\
         Content-Transfer-Encoding: base64\nAuto-Submitted: auto-generated\n\n{}\n",
        engine.encode(subject),
        lines.join("\n")
    )
}

impl Courier for Spool {
    fn send<'a>(&'a self, letter: &'a Outgoing) -> BoxFuture<'a, Result<(), NotSent>> {
        async move {
            self.put(letter).await.map_err(|error| {
                tracing::error!(%error, message = letter.id, "a message could not be put into the spool");
                NotSent::Later
            })
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_as_the_gateways_read_them() {
        assert_eq!(sms("+970590012345", "رمزك 123456"), "To: 970590012345\nAlphabet: UTF-8\n\nرمزك 123456");
        let mail = email("salma@example.ps\nBcc: x@example.ps", "إشعار", &"نص طويل ".repeat(30));
        let (head, body) = mail.split_once("\n\n").expect("headers and a body");
        assert!(head.starts_with("To: salma@example.psBcc: x@example.ps\nSubject: =?UTF-8?B?"), "{head}");
        assert_eq!(head.lines().filter(|line| line.starts_with("Bcc")).count(), 0);
        assert!(body.lines().all(|line| line.len() <= 76), "{body}");
    }

    #[tokio::test]
    async fn a_message_that_comes_twice_is_one_file() {
        let folder = std::env::temp_dir().join(format!("switchd-spool-{}", std::process::id()));
        let spool = Spool::open(folder.clone()).expect("a folder");
        let to = Reach::Mobile("+970590012345".into());
        let letter = Outgoing { id: 7, to, subject: String::new(), text: "x".into() };
        for _ in 0..2 {
            spool.send(&letter).await.expect("taken");
        }
        let files: Vec<_> = std::fs::read_dir(folder.join("sms")).expect("a folder").flatten().collect();
        assert_eq!(files.iter().map(std::fs::DirEntry::file_name).collect::<Vec<_>>(), ["7"]);
        std::fs::remove_dir_all(folder).expect("the folder goes");
    }
}
