//! Who calls: one principal for each kind of system, with exactly the role that it needs, and the operator who gives them their keys.
//!
//! ```text
//! ops       operator   made in the data directory before the first start; gives all the others their keys
//! sends     sender     checks, for one account and one sender      records  recorder  records, streams, imports
//! audits    auditor    exports, bundles, pages, all who follow     erases   eraser    erasures, of one account
//! operates  operator   policies, of one account                    former   sender    revoked at half time
//! ```

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::people::SENDER;
use super::served::word;
use crate::support::cli::cli;
use crate::support::client::Service;
use crate::support::connection::Key;

/// A kind of system.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    Sends,
    Records,
    Audits,
    Operates,
    Erases,
    Former,
}

impl Who {
    const ALL: [Self; 6] = [Self::Sends, Self::Records, Self::Audits, Self::Operates, Self::Erases, Self::Former];

    /// Whose service that is.
    pub const fn of(service: Service) -> Self {
        match service {
            Service::Decision => Self::Sends,
            Service::Recording => Self::Records,
            Service::Identity => Self::Erases,
            Service::Audit | Service::Watch => Self::Audits,
            Service::Admin => Self::Operates,
        }
    }

    /// What it is given: whoever follows the whole log, and so the accounts of all, is bound to none.
    const fn grant(self) -> &'static [&'static str] {
        match self {
            Self::Sends => &["--name", "sends", "--role", "sender", "--account", "default", "--sender", SENDER],
            Self::Records => &["--name", "records", "--role", "recorder", "--account", "default"],
            Self::Audits => &["--name", "audits", "--role", "auditor"],
            Self::Operates => &["--name", "operates", "--role", "operator", "--account", "default"],
            Self::Erases => &["--name", "erases", "--role", "eraser", "--account", "default"],
            Self::Former => &["--name", "former", "--role", "sender", "--account", "default", "--sender", SENDER],
        }
    }
}

/// Somebody who may call.
struct Principal {
    number: u32,
    key: Key,
}

/// All of them.
pub struct Principals {
    ops: PathBuf,
    each: Vec<Principal>,
}

impl Principals {
    /// Makes the first operator, in the data directory; gives the file of its key.
    pub fn first(dir: &Path) -> PathBuf {
        let said = cli(&["keys", "add", "--data-dir", &word(&dir.join("data")), "--name", "ops", "--role", "operator"]);
        assert!(said.code == 0 && said.out.starts_with("clk_"), "{said:?}");
        let file = dir.join("ops.key");
        std::fs::write(&file, said.out).unwrap();
        file
    }

    /// Has it add all the others to the server that is reached so.
    pub fn add(ops: PathBuf, reached: &[String]) -> Self {
        let mut this = Self { ops, each: Vec::new() };
        for who in Who::ALL {
            let said = this.run("add", who.grant(), reached);
            let number = u32::try_from(said["principal"].as_u64().unwrap()).unwrap();
            this.each.push(Principal { number, key: Key::new(said["api_key"].as_str().unwrap()) });
        }
        this
    }

    /// The key that it shows.
    pub fn key(&self, who: Who) -> &Key {
        &self.each[who as usize].key
    }

    /// By what entries name it.
    pub fn number(&self, who: Who) -> u32 {
        self.each[who as usize].number
    }

    /// Gives it a new key, which nobody shows yet; the one before is taken for so long.
    pub fn rotate(&self, who: Who, overlap: Duration, reached: &[String]) -> String {
        let (number, overlap) = (self.number(who).to_string(), format!("{}s", overlap.as_secs()));
        self.run("rotate", &[&number, "--overlap", &overlap], reached)["api_key"].as_str().unwrap().to_owned()
    }

    /// Lets it in no more.
    pub fn revoke(&self, who: Who, reached: &[String]) {
        let said = self.run("revoke", &[&self.number(who).to_string()], reached);
        assert_eq!(said["state"], "revoked", "{said}");
    }

    fn run(&self, command: &str, args: &[&str], reached: &[String]) -> serde_json::Value {
        let ops = word(&self.ops);
        let args = ["keys", command, "--json", "--api-key-file", &ops].into_iter().chain(args.iter().copied());
        let said = cli(&args.map(str::to_owned).chain(reached.iter().cloned()).collect::<Vec<String>>());
        assert_eq!(said.code, 0, "{said:?}");
        said.json().remove(0)
    }
}
