//! The last line, and what can be told only then. Step 5 of `docs/ledger-format.md`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::line::{EntryLine, Head, Last, LeftOut};
use super::problem::{Code, Problem, plain, require};
use super::verifier::{Verifier, read};
use crate::proof::head;
use crate::proof::merkle::{Hash, root_of_inclusion};
use crate::proof::note::VerifierKey;
use crate::proto::HeadsCommitted;

impl Verifier {
    /// The last line.
    pub(super) fn last(&self, line: Value) -> Result<(), Problem> {
        if line.get("entry").is_some() || line.get("root").is_some() {
            let fits = read::<EntryLine>(line.clone()).is_ok() || read::<LeftOut>(line).is_ok();
            require(fits, Code::Unreadable, || "the line is none of those specified".to_owned())?;
            let words = format!("something stands behind entry {}, the checkpoint's last", self.told.size());
            return Err(Problem::new(Code::OutOfOrder, words));
        }
        let last: Last = read(line)?;
        let counted = (last.entries, last.left_out) == (self.entries, self.left_out);
        let words = || {
            format!(
                "the file counts {} entries and {} left out, and has {} and {}",
                last.entries, last.left_out, self.entries, self.left_out
            )
        };
        require(counted, Code::CutShort, words)
    }

    /// What can be told only when everything was read.
    pub(super) fn at_the_end(&mut self, key: &VerifierKey) -> Result<(), Problem> {
        let led = self.told.root() == self.begun.verified.checkpoint.root;
        require(led, Code::RootDiffers, || "the entries do not lead to the checkpoint's root".to_owned())?;
        if let Some(named) = &self.checkpoint_key {
            let pinned = named.as_slice() == key.public_key();
            require(pinned, Code::WrongLedger, || "the log names another checkpoint key than the pinned one".to_owned())?;
        }
        let Some(complete) = &self.begun.complete else { return Ok(()) };
        require(self.checkpoint_key.is_some(), Code::WrongLedger, || "the bundle lacks the ledger's first entry".to_owned())?;
        for head in &self.begun.heads {
            let proven = self.bundle.recorded.as_ref().is_some_and(|recorded| is_proven(head, &recorded.heads));
            require(proven, Code::HeadUnproven, || format!("the head of trail {} is not the recorded one", head.trail))?;
        }
        for head in &self.begun.heads {
            let (count, last) = self.ends.get(&head.trail).copied().unwrap_or_default();
            let ends = (count, last) == (head.trail_seq, head.last_seq);
            require(ends, Code::TrailIncomplete, || {
                format!("trail {} ends at entry {}, and here at entry {last}", head.trail, head.last_seq)
            })?;
        }
        let keys = self.begun.keys.keys().copied().collect::<BTreeSet<_>>();
        let contact = complete.contact_trails.iter().copied().collect::<BTreeSet<_>>();
        let theirs = keys == contact && contact == self.committed;
        require(theirs, Code::KeyDiffers, || "the keys are not those of the contact's trails".to_owned())?;
        let found = self.contact_found.contains(&true);
        require(found, Code::ClaimUnfounded, || "no sealed part holds the one contact that was asked about".to_owned())?;
        self.bundle.at_the_end(&self.begun, complete)?;
        self.receipts.derive(complete, &self.bundle.erasures)
    }

    /// What holds, in words.
    pub(super) fn report(&self) -> Vec<String> {
        let mut holds = Vec::new();
        match (&self.begun.range, &self.begun.complete) {
            (Some(range), _) => holds.push(format!("claim: every entry from {} to {} is here", range.start(), range.end())),
            (_, Some(complete)) => {
                let trails: Vec<String> = complete.contact_trails.iter().map(u64::to_string).collect();
                let trails = if trails.is_empty() { "none".to_owned() } else { trails.join(", ") };
                holds.push(format!("claim: complete up to entry {}: trails {trails} and account {}", complete.as_of, complete.account));
                let contact = self.begun.contact.as_deref().unwrap_or_default();
                let [opened, _] = self.contact_found;
                let how = if opened { "a sealed part that opens here" } else { "a sealed part as it is stated, which nothing proves" };
                holds.push(format!("about: {contact} in the account {}, named in {how}", self.bundle.account()));
                holds.extend(self.bundle.report(complete, self.begun.verified.checkpoint.size));
            }
            _ => holds.push(format!("claim: {} entries are in the log; nothing is said about others", self.entries)),
        }
        holds.push(format!("entries: {}, left out: {}", self.entries, self.left_out));
        if self.opened + self.stated > 0 {
            holds.push(format!("sealed parts: {} opened here, {} as stated, which nothing proves", self.opened, self.stated));
        }
        holds.extend(self.receipts.report());
        if self.uninterpreted > 0 {
            let words = "of an unknown kind: what they say is not told, and no answer is derived from them on";
            holds.push(format!("uninterpreted: {} entries {words}", self.uninterpreted));
        }
        if self.checkpoint_key.is_none() {
            holds.push("note: the ledger's first entry is left out, so its id is as stated".to_owned());
        }
        holds.iter().map(|line| plain(line)).collect()
    }
}

fn is_proven(head: &Head, heads: &HeadsCommitted) -> bool {
    let leaf = head::leaf(head.trail, head.trail_seq, head.last_seq, &head.blind.0);
    let path: Vec<Hash> = head.path.iter().map(|hash| hash.0).collect();
    root_of_inclusion(&leaf, head.trail, heads.trails, &path).is_some_and(|root| root.as_slice() == heads.root)
}
